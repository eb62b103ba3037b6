"""The metadata beside a trials table: what the CSV alone cannot say about the design behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qim_stats.design.design import DEFINITIVE, Design
from qim_stats.trials.metadata import SCHEMA


def design_metadata(
    design: Design,
    *,
    study: str | None = None,
    response: str | None = None,
    direction: str | None = None,
    seed: int | None = None,
    targets: Mapping[str, str] | None = None,
    provenance: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the metadata of a trials table, ready for JSON.

    Parameters
    ----------
    design : Design
        The design behind the table.
    study, response, direction : str, optional
        The study's name, what is measured, and whether to ``"maximize"`` or ``"minimize"`` it.
    seed : int, optional
        The study's seed; the design's own when left out.
    targets : mapping of str to str, optional
        For factors that set a field somewhere, by factor name, which.
    provenance : mapping of str to str, optional
        Where the trials come from, shown in reports as text.

    Returns
    -------
    dict
        Keys schema, study, response, direction, seed, design, factors, provenance.
    """
    return {
        "schema": SCHEMA,
        "study": study,
        "response": response,
        "direction": direction,
        "seed": design.seed if seed is None else seed,
        "design": {
            "kind": design.kind,
            "runs": design.base_runs,
            "foldover": design.folded,
            "replicates": design.replicates,
            "dummies": list(design.dummies),
            **_additions(design),
        },
        "factors": [
            {
                "name": factor.name,
                "low": factor.low,
                "high": factor.high,
                "scale": factor.scale,
                "unit": factor.unit,
                "target": (targets or {}).get(factor.name),
            }
            for factor in design.factors
        ],
        "provenance": dict(provenance or {}),
    }


def _additions(design: Design) -> dict[str, Any]:
    """Return what not every design has, where it is there: metadata of a plain design stay as they always were."""
    center = design.center_points - (design.replicates if design.kind == DEFINITIVE else 0)
    told: dict[str, Any] = {}
    if center:
        told["center_points"] = center
    if design.confounded:
        told["blocks"] = design.blocks
        told["confounded_with_blocks"] = list(design.confounded)
    if design.columns != "first":
        told["columns"] = design.columns
    if design.run_order != "random":
        told["order"] = design.run_order
    return told


def metadata_text(metadata: Mapping[str, Any]) -> str:
    """Return metadata as the text of a JSON file."""
    return json.dumps(metadata, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
