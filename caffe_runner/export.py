"""From the ledger to the trials table: the one thing the statistics see of a study."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from caffe_runner.datasets.orders import order_text
from caffe_runner.ledger import Entry, LedgerReader
from caffe_runner.study.study_file import Study
from caffe_runner.trial import TrialState
from qim_stats.design import design_metadata, metadata_text
from qim_stats.looks import STAGE_TRIALS, STAGES
from qim_stats.output import write_text
from qim_stats.trials.metadata import metadata_path

_FIXED = ("run", "replicate", "block", "order", "seed", "state", "reason", "seconds")


def trials_csv(entries: list[Entry], response: str) -> str:
    """Write the trials table as CSV text.

    Parameters
    ----------
    entries : list of Entry
        Every trial of the study.
    response : str
        The response, which comes first among the measured columns and is there even if nothing was measured.

    Returns
    -------
    str
        One line per trial in standard order: reserved columns, factors in natural levels, spare columns coded, and
        every output of the last test pass. What was not measured is empty.
    """
    factors = list(entries[0].trial.levels)
    dummies = list(entries[0].trial.dummies)
    # An output that bears a factor's name would make two columns of one name.
    measured = {name for entry in entries if entry.result for name in entry.result.metrics} - {response, *factors}
    outputs = [response, *sorted(measured - set(dummies) - set(_FIXED))]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*_FIXED, *factors, *dummies, *outputs])
    for entry in entries:
        trial, result = entry.trial, entry.result
        writer.writerow(
            [
                trial.run, trial.replicate, trial.block, trial.order, trial.seed, entry.state.value,
                result.reason if result else "", f"{result.seconds:.3f}" if result else "",
                *(_spelled(level) for level in trial.levels.values()),
                *(trial.dummies.get(name, "") for name in dummies),
                *(_spelled(result.metrics.get(name, "")) if result else "" for name in outputs),
            ]
        )  # fmt: skip
    return table.getvalue()


def metadata(study: Study, ledger: LedgerReader) -> dict[str, object]:
    """Describe the table for whoever analyzes it: factors, response, direction, design, and where it came from."""
    provenance = {"study_id": ledger.study_id, "data": study.data.source, "data_checksum": ledger.data_checksum}
    if study.data.orders > 1:
        provenance["data_order"] = order_text(study.data.orders)
    if study.data.train_images is not None:
        provenance["train_images"] = str(study.data.train_images)
    for i, environment in enumerate(ledger.environments()):
        suffix = f"_{i + 1}" if i else ""
        provenance.update({f"{key}{suffix}": value for key, value in environment.items()})
    entries = ledger.entries()
    chance = {e.result.reason for e in entries if e.result and e.result.reason and e.state is TrialState.DONE}
    if chance:
        provenance["at_chance"] = study.chance_text()
    meta = design_metadata(
        study.build_design(),
        study=study.name,
        response=study.response,
        direction=study.direction,
        seed=study.seed,
        targets={factor.name: "; ".join(target.text for target in factor.targets) for factor in study.factor_specs},
        provenance=provenance,
    )
    if ledger.appended:
        meta["design"][STAGES] = 1 + ledger.appended
        meta["design"][STAGE_TRIALS] = ledger.stages
    return meta


def write_table(path: Path, csv_text: str, meta: dict[str, object]) -> None:
    """Write the table and, beside it, its metadata; each file whole or not at all, and untouched when unchanged."""
    for place, text in ((path, csv_text), (metadata_path(path), metadata_text(meta))):
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            write_text(place, text)


def same_study(path: Path, ledger: LedgerReader) -> bool:
    """Whether a table on disk is an earlier export of the study of this ledger."""
    beside = metadata_path(path)
    try:
        written = json.loads(beside.read_text(encoding="utf-8"))["provenance"]["study_id"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(written == ledger.study_id)


def _spelled(value: object) -> str:
    # A float's repr is the shortest text that reads back as the same number.
    return repr(value) if isinstance(value, float) else str(value)
