"""The measured part of a study's README: levels, effects, ranks, noise, ties and cost, written by its script."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

import pandas as pd

from factorial.truth import TIE, Truth, noise_of, truth
from qim_stats.factors import Factor
from qim_stats.trials.states import DIVERGED

HEADING = "## Measured"
WIDTH = 120


def measured_text(
    full: pd.DataFrame,
    replicates: pd.DataFrame,
    factors: tuple[Factor, ...],
    responses: list[str],
    clock: str = "of one core",
) -> str:
    """Return the measured part of a README.

    Parameters
    ----------
    full, replicates : DataFrame
        The full table, and more trials of some of its runs.
    factors : tuple of Factor
        The factors.
    responses : list of str
        The response to rank by, then others whose effects are shown beside it.
    clock : str, optional
        What the column ``seconds`` counts.

    Returns
    -------
    str
        Markdown from ``HEADING`` on.
    """
    found = [truth(full, factors, name, noise_of([full, replicates], name)) for name in responses]
    first = found[0]
    head = "".join(f" effect on `{name}` | rank |" for name in responses)
    rows = []
    for i in first.sizes.argsort()[::-1]:
        cells = "".join(f" {one.effects[i]:+.4g} | {one.ranks[i]} |" for one in found)
        rows.append(f"| `{factors[i].name}` | {_level(factors[i], 'low')} | {_level(factors[i], 'high')} |{cells}")
    seconds = full["seconds"]
    ties = ", ".join(f"`{a}` and `{b}`" for a, b in first.ties()) or "none"
    lines = [
        HEADING,
        "",
        f"| factor | low | high |{head}",
        "|---|---|---|" + "---|---|" * len(found),
        *rows,
        "",
        fill(
            f"{len(full)} trials, {_unfinished(full)}; {seconds.sum():.0f} s {clock} in all, {seconds.min():.2f} to "
            f"{seconds.max():.2f} s a trial.",
            WIDTH,
        ),
        "",
        *(_noise(name, one) for name, one in zip(responses, found, strict=True)),
        "",
        fill(
            f"Pairs in `{responses[0]}` that the full table does not order (within {TIE:g} standard errors of their "
            f"difference): {ties}.",
            WIDTH,
            break_long_words=False,
        ),
        "",
    ]
    return "\n".join(lines)


def _unfinished(full: pd.DataFrame) -> str:
    without, diverged = int((full["state"] != "done").sum()), int((full["state"] == DIVERGED).sum())
    if not diverged:
        return f"{without} of them without a response"
    counted = f"the {diverged} that diverged count as guessing among ten classes"
    return f"{without} of them without a response of its own: {counted}"


def _level(factor: Factor, side: str) -> str:
    level = factor.low if side == "low" else factor.high
    return f"{level:g}" if factor.is_numeric else str(level)


def _noise(name: str, one: Truth) -> str:
    return (
        f"- `{name}`: seed SD of a trial {one.noise:.3g} ({one.df} degrees of freedom), "
        f"standard error of an effect by that noise {one.std_error:.2g}"
    )


def write_measured(readme: Path, text: str) -> None:
    """Put the measured part in place of the one that the README ends with, or at its end."""
    written = readme.read_text(encoding="utf-8") if readme.exists() else ""
    kept = written.partition(HEADING)[0].rstrip("\n")
    readme.write_text(f"{kept}\n\n{text}", encoding="utf-8")
