"""What the runs that gave no response take from the design: wider standard errors, terms that are lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.trials import Trials
from qim_stats.trials.states import labels

Array = npt.NDArray[np.float64]
ZERO = 1e-9
"""An eigenvalue of X'X this small, as a share of the largest, is zero."""


@dataclass(frozen=True)
class LostRuns:
    """The main-effects model of the complete design, and which of its rows are left.

    Parameters
    ----------
    rows : ndarray of int, shape (m,)
        Positions in the trials table: usable trials and those that are missing.
    matrix : ndarray of float64, shape (m, p)
        Intercept, block differences, factors.
    names : tuple of str
        The p columns, as R spells them.
    kept : ndarray of bool, shape (m,)
        Which rows have a response.
    """

    rows: npt.NDArray[np.intp]
    matrix: Array
    names: tuple[str, ...]
    kept: npt.NDArray[np.bool_]


def unrecovered(trials: Trials) -> npt.NDArray[np.bool_]:
    """Tell which rows were set aside and not made good by another trial of the same run and replicate.

    Parameters
    ----------
    trials : Trials
        The trials.

    Returns
    -------
    ndarray of bool, shape (rows,)
        A run that failed several times is counted once.
    """
    lost = np.asarray(trials.lost & (trials.trial_of == np.arange(len(trials.frame))), dtype=np.bool_)
    if not {"run", "replicate"} <= set(trials.frame.columns) or not lost.any():
        return lost
    columns = ["run", "replicate", *(["block"] if "block" in trials.frame else [])]
    same = trials.frame[columns].join(trials.all_coded[trials.factor_names].add_prefix("\0"))
    good = pd.MultiIndex.from_frame(same[trials.usable])
    numbered = same[["run", "replicate"]].notna().all(axis=1).to_numpy(dtype=np.bool_)
    made_good = pd.MultiIndex.from_frame(same).isin(good)
    again = np.zeros(len(lost), dtype=np.bool_)
    again[lost] = same[lost].duplicated().to_numpy()
    return np.asarray(lost & ~(numbered & (made_good | again)), dtype=np.bool_)


def lost_runs(trials: Trials) -> LostRuns:
    """Return the complete design of the table and which of its rows are left.

    Parameters
    ----------
    trials : Trials
        The trials. Missing rows whose levels or block cannot be read are left out.

    Returns
    -------
    LostRuns
        With the model of main effects, blocks first when there are several.
    """
    missing = unrecovered(trials)
    if trials.block is not None:
        missing = missing & trials.frame[trials.block].notna().to_numpy()
    wanted = np.flatnonzero(trials.usable | missing)
    rows = wanted[np.isin(wanted, trials.all_coded.index)]
    columns = {"(Intercept)": np.ones(len(rows))}
    if trials.block is not None:
        blocks = np.array(labels(trials.frame.loc[rows, trials.block]))
        columns |= {f"{trials.block}{label}": (blocks == label) * 1.0 for label in sorted(set(blocks.tolist()))[1:]}
    columns |= {name: trials.all_coded.loc[rows, name].to_numpy(dtype=np.float64) for name in trials.factor_names}
    return LostRuns(rows, np.column_stack(list(columns.values())), tuple(columns), trials.usable[rows])


def se_inflation(matrix: Array, kept: npt.NDArray[np.bool_], names: tuple[str, ...]) -> pd.DataFrame:
    """Tell by how much missing rows widen the standard error of each coefficient, at the same sigma.

    Parameters
    ----------
    matrix : ndarray of float64, shape (m, p)
        The model matrix of the complete design.
    kept : ndarray of bool, shape (m,)
        Which rows are left.
    names : tuple of str
        The p columns.

    Returns
    -------
    DataFrame, p rows
        ``term``, ``estimable`` (from the rows that are left), ``se_inflation``: the root of the ratio of the diagonals
        of (X'X)^-1 after and before; NaN where the term cannot be estimated, before or after.
    """
    (before, possible), (after, estimable) = (variances(x.T @ x) for x in (matrix, matrix[kept]))
    ratio = np.full(len(names), np.nan)
    both = possible & estimable
    ratio[both] = np.sqrt(after[both] / before[both])
    return pd.DataFrame({"term": list(names), "estimable": estimable, "se_inflation": ratio})


def variances(gram: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return the variances of the coefficients, in units of sigma², and which of these can be estimated.

    Parameters
    ----------
    gram : ndarray of float64, shape (p, p)
        X'X.

    Returns
    -------
    variances : ndarray of float64, shape (p,)
        Diagonal of (X'X)^-1, or of the pseudo-inverse, which is a variance for the estimable coefficients only.
    estimable : ndarray of bool, shape (p,)
        Whether the rows of X determine the coefficient.
    """
    values, vectors = np.linalg.eigh(gram)
    kept = values > ZERO * max(float(values[-1]), 1.0)
    null = vectors[:, ~kept]
    return ((vectors[:, kept] ** 2) / values[kept]).sum(axis=1), (null * null).sum(axis=1) < ZERO
