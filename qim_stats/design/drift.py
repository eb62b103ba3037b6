"""Orders of the trials in which a drift of the response over time hardly touches the main effects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qim_stats.design.design import Design
from qim_stats.errors import DesignError
from qim_stats.factors import nearest

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

RANDOM = "random"
DRIFT_PROOF = "drift-proof"
ORDERS = (RANDOM, DRIFT_PROOF)

MAX_TRIALS = 1_024
"""More trials take long to put into order, and a random order is then nearly as good."""

_STARTS = 4
_FEW = 2_000  # trials times factors up to which several orders are started from
_PASSES = 25


def in_order(design: Design, order: str) -> Design:
    """Put the trials of a finished design into a kind of order.

    Parameters
    ----------
    design : Design
        Any design; what is added later draws the order anew.
    order : {"random", "drift-proof"}
        ``"random"`` leaves the order as it is. ``"drift-proof"`` looks for one in which no main effect correlates much
        with a linear or a quadratic trend over the order within blocks; center points keep their places.

    Returns
    -------
    Design
        The design in that order.

    Raises
    ------
    DesignError
        If there is no such order, or there are more than ``MAX_TRIALS`` trials.

    Notes
    -----
    Orders free of linear and quadratic trends are known for full factorials (Cheng, C.-S. and Jacroux, M. (1988), The
    construction of trend-free run orders of two-level factorial designs, J. Amer. Statist. Assoc. 83, 1152-1158). Here
    they are sought for any design: from several random orders, trials are exchanged in pairs while that lowers the sum
    of fourth powers of the correlations, which the largest of them dominates; the best result is kept. The order is
    then no longer a random one: where the trend is not smooth, a random order protects better.
    """
    if order not in ORDERS:
        raise DesignError(f"unknown order {order!r}", where="order", remedy=nearest(order, ORDERS))
    if order == RANDOM:
        return design
    if design.n > MAX_TRIALS:
        raise DesignError(
            f"{design.n} trials are too many for a drift-proof order",
            where="order",
            remedy=f"take a random order, which serves as well beyond {MAX_TRIALS} trials",
        )
    starts = _STARTS if design.n * len(design.factors) <= _FEW else 1
    found = [_searched(design, start) for start in range(starts)]
    best = min(found, key=lambda result: (result[0], result[1].tolist()))[1]
    return replace(design, coded=design.coded.assign(order=best), run_order=DRIFT_PROOF)


def trend_correlations(design: Design) -> tuple[float, float]:
    """Return the largest correlations of main effects with trends over the order of the trials.

    Parameters
    ----------
    design : Design
        Any design.

    Returns
    -------
    tuple of float
        The largest absolute correlation of a factor's column with a linear trend, and with a quadratic one beyond it,
        both after differences between blocks have been taken out.
    """
    places = np.argsort(design.coded["order"].to_numpy())
    correlations = np.abs(_trends(design).T @ _columns(design)[places])
    largest = correlations.max(axis=1, initial=0.0)
    return float(np.round(largest[0], 12)), float(np.round(largest[1], 12))


def _searched(design: Design, start: int) -> tuple[float, IntArray]:
    """Exchange trials from one random order on; return the largest correlation and the order."""
    blocks = design.coded["block"].to_numpy()
    trial = np.argsort(design.coded["order"].to_numpy())  # the trial at each place
    centers = design.at_center[trial]
    rng = np.random.Generator(np.random.PCG64([design.seed, start]))
    groups = [np.flatnonzero((blocks[trial] == block) & ~centers) for block in np.unique(blocks)]
    if start:
        for group in groups:
            trial[group] = rng.permutation(trial[group])
    trends, columns = _trends(design), _columns(design)
    now = trends.T @ columns[trial]
    for _ in range(_PASSES):
        changed = False
        for group in groups:
            for place in group:
                moves = trends[group] - trends[place]
                gains = columns[trial[place]] - columns[trial[group]]
                offered = now + moves[:, :, None] * gains[:, None, :]
                # Rounded, so that the last bits of a sum, which machines differ in, decide nothing.
                squares = offered * offered
                costs = np.round(np.einsum("mtk,mtk->m", squares, squares), 12)
                best = int(np.argmin(costs))
                if costs[best] < np.round((now**4).sum(), 12):
                    now = offered[best]
                    trial[[place, group[best]]] = trial[[group[best], place]]
                    changed = True
        if not changed:
            break
    order = np.empty(design.n, dtype=np.int64)
    order[trial] = np.arange(1, design.n + 1)
    return float(np.round(np.abs(now).max(initial=0.0), 9)), order


def _trends(design: Design) -> FloatArray:
    """Return the linear and the quadratic trend at each place in the order, of length 1 and free of blocks; (n, 2)."""
    n = design.n
    block = design.coded.sort_values("order")["block"].to_numpy()
    indicators = (block[:, None] == np.unique(block)).astype(np.float64)
    time = np.linspace(-1.0, 1.0, n)
    basis = indicators
    trends = []
    for trend in (time, time**2):
        rest = trend - basis @ np.linalg.lstsq(basis, trend, rcond=None)[0]
        length = float(np.linalg.norm(rest))
        rest = rest / length if length > 1e-9 else np.zeros(n)
        trends.append(rest)
        basis = np.column_stack([basis, rest])
    return np.column_stack(trends)


def _columns(design: Design) -> FloatArray:
    """Return the factors' columns with length 1; (n, k)."""
    columns = design.coded[design.names].to_numpy(dtype=np.float64)
    result: FloatArray = columns / np.linalg.norm(columns, axis=0)
    return result
