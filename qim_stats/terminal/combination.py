"""Several studies side by side, as plain text."""

from __future__ import annotations

from qim_stats.studies import Combination
from qim_stats.terminal.layout import labelled, number, p_value, percent, table_lines, wrap

_COLUMNS = 6


def combination_text(combination: Combination, report: str | None = None) -> str:
    """Tell a combination.

    Parameters
    ----------
    combination : Combination
        What to tell.
    report : str, optional
        Where its HTML report is.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a line break.
    """
    names = list(combination.analyses)
    lines = [*wrap(combination.text), ""]
    lines += [f"{letter}  {name}" for letter, name in zip(_letters(len(names)), names, strict=True)]
    lines += ["", *_ranks(combination), "", *_effects(combination), ""]
    agreement = combination.agreement
    if agreement is not None:
        text = (
            f"Kendall's W {number(agreement.w)}; p {p_value(agreement.p_value)} by chi², "
            f"{p_value(agreement.p_permutation)} by permutation"
        )
        lines += labelled("ranks", text)
    for alert in combination.alerts:
        lines += labelled("note" if alert.severity == "info" else alert.severity, alert.message)
    if report is not None:
        lines += labelled("report", report)
    return "\n".join(lines) + "\n"


def _letters(count: int) -> list[str]:
    """Return a short heading for each study: A to Z, then numbers."""
    return [chr(ord("A") + i) if i < 26 else str(i + 1) for i in range(count)]


def _ranks(combination: Combination) -> list[str]:
    """Lay out the ranks of each study with their intervals, six studies side by side."""
    table = combination.factors()
    cells = {
        (row["study"], row["factor"]): f"{row['rank']} ({row['rank_low']}-{row['rank_high']})"
        for row in combination.studies().to_dict("records")
    }
    names = list(combination.analyses)
    letters = _letters(len(names))
    lines: list[str] = []
    for first in range(0, len(names), _COLUMNS):
        part = names[first : first + _COLUMNS]
        rows = [
            [
                str(row["factor"]),
                *(cells[study, row["factor"]] for study in part),
                number(row["rank_sum"]),
                row["status"],
            ]
            for row in table.to_dict("records")
        ]
        lines += [
            *([""] if first else []),
            *table_lines(["factor", *letters[first : first + _COLUMNS], "sum", "rank"], rows),
        ]
    return lines


def _effects(combination: Combination) -> list[str]:
    rows = [
        [
            str(row["factor"]),
            number(row["effect"]),
            number(row["conf_low"]),
            number(row["conf_high"]),
            p_value(row["p_adjusted"]),
            number(row["tau"]),
            percent(row["i2"]),
        ]
        for row in combination.factors().to_dict("records")
    ]
    return table_lines(["factor", "mean effect", "from", "to", "p adj", "tau", "I2"], rows)
