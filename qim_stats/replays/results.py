"""The answer of replays: a table of measures, the calibration of claims, the truth and the ceiling."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import Alert
from qim_stats.output import write_text
from qim_stats.plain import plain, to_json
from qim_stats.replays.aware import MARGINAL, SIMULTANEOUS
from qim_stats.replays.measures import RESOLVED, SETTLED
from qim_stats.replays.summary import calibration_table, summarize
from qim_stats.replays.truth import TIED, Truth
from qim_stats.replays.virtual import World

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Replays:
    """How right methods were in virtual studies on a full table.

    Parameters
    ----------
    designs : DataFrame
        A row per design and estimator: ``design``, ``estimator``, ``trials`` (mean) and the measures that
        docs/replays.md defines; NaN for what an estimator does not tell. The column ``errors`` holds a dict of the
        Monte Carlo standard error of each measure.
    calibration : DataFrame
        ``design, estimator, about, low, high, claims, claimed, right``: how often claims of each size were right.
    ceiling : DataFrame
        ``trials`` and what noise alone allows: ``kendall_tau, p_top1, p_top3, p_top5, top3_capture``.
    truth : DataFrame, shape (k, 6)
        ``factor, effect, rank, std_error, rank_lowest, rank_highest``, by rank.
    studies : DataFrame
        A row per virtual study, design and estimator: its measures.
    noise : dict
        Of a trial: ``sd``, ``df``, ``source`` in words, ``added`` (whether fresh noise was added to every trial).
    alerts : tuple of Alert
        What was assumed or noticed while reading the table.
    method : dict
        Options and seed.
    """

    designs: pd.DataFrame
    calibration: pd.DataFrame = field(repr=False)
    ceiling: pd.DataFrame = field(repr=False)
    truth: pd.DataFrame = field(repr=False)
    studies: pd.DataFrame = field(repr=False)
    noise: Mapping[str, Any]
    alerts: tuple[Alert, ...] = field(repr=False)
    method: Mapping[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``to_json`` writes: the keys ``truth``, ``replays``, ``alerts``, ``method``."""
        return {
            "truth": plain(self.truth),
            "replays": {
                "n": self.method["replays"],
                "designs": plain(self.designs),
                "calibration": plain(self.calibration),
                "ceiling": plain(self.ceiling),
                "noise": plain(self.noise),
            },
            "alerts": [{"code": a.code, "severity": a.severity, "message": a.message} for a in self.alerts],
            "method": plain(self.method),
        }

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the answer as JSON.

        Parameters
        ----------
        path : path
            Where.

        Raises
        ------
        QimError
            If it cannot be written.
        """
        write_text(path, to_json(self.to_dict()))


def results(
    world: World,
    truth: Truth,
    measured: Mapping[tuple[str, str], Mapping[str, Array]],
    ceiling: pd.DataFrame,
    *,
    replays: int,
    seed: int,
    alerts: tuple[Alert, ...],
) -> Replays:
    """Put the measures of all studies together.

    Parameters
    ----------
    world, truth
        What was replayed.
    measured : mapping of (design, estimator) to measures
        In the order to be told.
    ceiling : DataFrame
        As of ``noise_ceiling``.
    replays, seed : int
        As asked for.
    alerts : tuple of Alert
        What was assumed or noticed of the full table.

    Returns
    -------
    Replays
        The answer.
    """
    from qim_stats import __version__

    allowed = dict(zip(ceiling["trials"].tolist(), ceiling["p_top3"].tolist(), strict=True))
    rows: list[dict[str, object]] = []
    calibrations, studies = [], []
    for (design, estimator), measures in measured.items():
        who = {"design": design, "estimator": estimator}
        row = {**who, **summarize(measures, seed)}
        row["ceiling_top3"] = allowed[round(float(measures["trials"].mean()))]
        rows.append(row)
        calibrations.append(calibration_table(measures).assign(**who))
        single = {name: values for name, values in measures.items() if values.ndim == 1}
        studies.append(pd.DataFrame({**who, "study": np.arange(1, replays + 1), **single}))
    calibration = pd.concat(calibrations, ignore_index=True)
    return Replays(
        designs=pd.DataFrame(rows),
        calibration=calibration[["design", "estimator", *calibration.columns.drop(["design", "estimator"])]],
        ceiling=ceiling,
        truth=_truth_table(world, truth),
        studies=pd.concat(studies, ignore_index=True),
        noise={"sd": world.noise.sd, "df": world.noise.df, "source": world.noise.source, "added": world.added},
        alerts=alerts,
        method={
            "source": world.table.source,
            "response": world.table.response,
            "direction": world.table.direction,
            "replays": replays,
            "seed": seed,
            "tied": TIED,
            "resolved": RESOLVED,
            "settled": SETTLED,
            "marginal": MARGINAL,
            "simultaneous": SIMULTANEOUS,
            "qim_stats": __version__,
        },
    )


def _truth_table(world: World, truth: Truth) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "factor": world.table.names,
            "effect": truth.effects,
            "rank": truth.ranks,
            "std_error": truth.std_error,
            "rank_lowest": truth.lowest,
            "rank_highest": truth.highest,
        }
    )
    return table.sort_values("rank", kind="stable", ignore_index=True)
