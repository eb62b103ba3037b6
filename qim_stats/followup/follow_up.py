"""The answer: which runs to add, what each way to spend them would gain, and what is known already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from qim_stats.alerts import Alert
from qim_stats.design.metadata import metadata_text
from qim_stats.design.new_file import write_new
from qim_stats.followup.goal import Goal
from qim_stats.output import write_text
from qim_stats.plain import plain, to_json
from qim_stats.trials.metadata import metadata_path

SCHEMA = 1


@dataclass(frozen=True)
class FollowUp:
    """Further runs of a study.

    Parameters
    ----------
    goal : Goal
        What they are to settle.
    probability : float
        From which the goal counts as settled.
    chosen : str
        The method whose runs these are.
    options : DataFrame
        A row per method: ``method``, ``runs``, ``p_settled`` and ``p_settled_error`` (probability that the goal is
        settled afterwards, with its Monte Carlo error), ``now``, ``after``, ``after_error`` (the goal's measure now,
        and expected afterwards), ``gain`` (after - now) and ``gain_error``, ``cost`` of its runs (in what ``cost`` of
        ``augment`` says; the number of runs where each costs the same) and ``gain_per_cost``, ``behind`` and
        ``behind_error`` (how much less gain than the best for what the best costs, by common random numbers),
        ``seconds`` (expected, None where the table has no seconds), ``words``. None in all numbers where an option
        cannot be had, and ``words`` say why.
    runs : DataFrame
        The new runs in natural levels, with the columns of the trials table, in the order to run them.
    joined : DataFrame
        The table so far with the new runs below it, pending.
    metadata : dict
        For the file beside either table; ``design.stages`` counts the new runs.
    settled_now : bool
        Whether the goal is settled by the trials so far.
    now : float
        The goal's measure now: ``goal.measure_name``.
    noise_sd : float
        Expected standard deviation of a trial, in the response's unit.
    words : tuple of str
        What this comes to, as sentences.
    alerts : tuple of Alert
        What was assumed or noticed.
    method : dict
        The options used, and the seed.
    """

    goal: Goal
    probability: float
    chosen: str
    options: pd.DataFrame = field(repr=False)
    runs: pd.DataFrame = field(repr=False)
    joined: pd.DataFrame = field(repr=False)
    metadata: Mapping[str, Any] = field(repr=False)
    settled_now: bool
    now: float
    noise_sd: float
    words: tuple[str, ...]
    alerts: tuple[Alert, ...]
    method: Mapping[str, Any] = field(repr=False)

    def to_csv(self, path: str | os.PathLike[str], *, joined: str | os.PathLike[str] | None = None) -> None:
        """Write the new runs, and their metadata beside them; nothing that is there already is overwritten.

        Parameters
        ----------
        path : path
            Of the new runs.
        joined : path, optional
            Also write the table so far with the new runs below it.

        Raises
        ------
        DesignError
            If a file is there with other content, or cannot be written; none is written then.
        """
        files = {}
        for given, frame in ((path, self.runs), (joined, self.joined)):
            if given is not None:
                files[Path(given)] = frame.to_csv(index=False, lineterminator="\n")
                files[metadata_path(Path(given))] = metadata_text(self.metadata)
        write_new(files)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``to_json`` writes."""
        return {
            "schema": SCHEMA,
            "goal": {"goal": self.goal.text, "measure": self.goal.measure_name, "probability": self.probability},
            "now": {"measure": self.now, "settled": self.settled_now, "noise_sd": self.noise_sd},
            "chosen": self.chosen,
            "options": plain(self.options),
            "runs": plain(self.runs),
            "words": list(self.words),
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
