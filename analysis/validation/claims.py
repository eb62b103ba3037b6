"""How often claims came true in all designs of 24 trials and more, counted together."""

from __future__ import annotations

import pandas as pd

from validation.results import Results
from validation.tables import ARTIFICIAL
from validation.work import ANALYZE, AWARE

FEW = 24
"""Trials from which claims are to be calibrated."""
CALIBRATED = 0.05
"""The largest error of claims that are."""
HEAD = """\
Row 7 judges each design by itself, often by two dozen studies, and some of its error is chance. With all designs of a
table counted together, and of both estimators the worse, the calibration error of P(i before j) is at most {limit} on
the tables below. That is less than row 7 asks: where one design claims too much and another too little, their errors
cancel here. Each design by many more studies: [pairs.md](pairs.md).

{lines}
"""
_DESIGN = ["table", "design", "estimator"]


def late_claims(results: Results) -> pd.DataFrame:
    """Return the claims of studies of ``FEW`` trials and more.

    Parameters
    ----------
    results : Results
        Of any tables.

    Returns
    -------
    DataFrame
        Rows of ``Results.calibration`` with the ``role`` of their table.
    """
    late = results.rows.loc[results.rows["trials"] >= FEW, [*_DESIGN, "role"]]
    return results.calibration.merge(late, on=_DESIGN)


def by_size(claims: pd.DataFrame) -> pd.DataFrame:
    """Count claims of each size together, whatever design they are of.

    Parameters
    ----------
    claims : DataFrame
        Of ``late_claims``.

    Returns
    -------
    DataFrame
        By ``low``, the size from which on: number of ``claims``, mean ``claimed``, share ``right``.
    """
    sums = claims[["claimed", "right"]].mul(claims["claims"], axis=0).groupby(claims["low"]).sum()
    counts = claims.groupby("low")["claims"].sum()
    return sums.div(counts, axis=0).assign(claims=counts)


def pairs_together(results: Results) -> pd.DataFrame:
    """Return the calibration error of P(i before j) by table, its designs together; of two estimators the larger.

    Less than what single designs err: chance is less in the whole, and errors of designs in opposite directions cancel.

    Parameters
    ----------
    results : Results
        Of any tables.

    Returns
    -------
    DataFrame
        ``table, role, value, error``: the mean over the claims of |share right - claimed|, by size, and the Monte Carlo
        error of a single design, by number of claims: most designs are looks at the same studies.
    """
    claims = late_claims(results)
    claims = claims[(claims["about"] == "pair") & claims["estimator"].isin([AWARE, ANALYZE])]
    errors = results.rows[[*_DESIGN, "calibration_error_error"]]
    found = []
    for (table, role, _), own in claims.groupby(["table", "role", "estimator"], sort=False):
        sizes = by_size(own)
        off = (sizes["right"] - sizes["claimed"]).abs()
        error = own.merge(errors, on=_DESIGN)
        found.append(
            {
                "table": table,
                "role": role,
                "value": float((off * sizes["claims"]).sum() / sizes["claims"].sum()),
                "error": float((error["calibration_error_error"] * error["claims"]).sum() / error["claims"].sum()),
            }
        )
    frame = pd.DataFrame(found, columns=["table", "role", "value", "error"])
    return frame.loc[frame.groupby("table", sort=False)["value"].idxmax()].reset_index(drop=True)


def pairs_told(results: Results) -> str:
    """Say what ``pairs_together`` finds on real and on artificial tables.

    Parameters
    ----------
    results : Results
        Of any tables.

    Returns
    -------
    str
        Empty where nothing is known.
    """
    found = pairs_together(results)
    artificial = found["role"] == ARTIFICIAL
    lines = [
        f"- {(own['value'] <= CALIBRATED).sum()} of {len(own)} {kind} tables: {_range(own)}"
        for kind, own in (("real", found[~artificial]), ("artificial", found[artificial]))
        if len(own)
    ]
    return HEAD.format(limit=CALIBRATED, lines="\n".join(lines)) if lines else ""


def _range(found: pd.DataFrame) -> str:
    ordered = found.sort_values("value").to_dict("records")
    ends = [f"{one['value']:.3f} ± {one['error']:.3f} ({one['table']})" for one in (ordered[0], ordered[-1])]
    return " to ".join(dict.fromkeys(ends))
