"""Permutation tests of main effects: no distribution is assumed for the noise, only that trials could be exchanged.

Two null hypotheses, each with the exchanges that it allows (Good 2005, Permutation, parametric, and bootstrap tests of
hypotheses, chapter 3):

- *runs*: no factor has any effect, alone or with others. Then the responses within each block could have come in any
  order. All orders are tried when there are few, else a seeded sample of them.
- *mirrors*, in a foldover whose pairs of mirrored runs lie in one block each: no main effect and no interaction of
  three or any other odd number of factors, while two-factor interactions may be what they like. Then the two responses
  of each pair could have been swapped.

The statistic is the largest |effect / its relative standard error|; referring every effect to its permutation
distribution adjusts for their number under the null hypothesis as a whole (Westfall and Young 1993). The p-value of a
single factor is a test of that whole hypothesis too, not one that lets the other factors have effects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations, product
from typing import Literal

import numpy as np
import numpy.typing as npt

from qim_stats.model.fit import Fit
from qim_stats.model.foldover_error import FoldoverPairs, find_pairs
from qim_stats.model.pure_error import find_cells
from qim_stats.screening.row_order import row_order
from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]
Exchange = Literal["runs", "mirrors"]
DRAWS = 9_999
_MOST_EXACT = 50_000
_MAX_EXCHANGES = 20_000_000  # sampled orders times trials: keeps memory under 400 MB
_TIE = 1e-9


@dataclass(frozen=True)
class PermutationTest:
    """A permutation test of k main effects.

    Parameters
    ----------
    factors : tuple of str
        The k factors.
    p_values : ndarray of float64, shape (k,)
        Adjusted for their number: share of permutations whose largest statistic is at or above the factor's.
    p_global : float
        The smallest of them.
    exchange : {"runs", "mirrors"}
        What was exchanged.
    permutations : int
        How many, the observed one included.
    exact : bool
        Whether these are all there are; else a seeded sample of them (a Monte Carlo test), whose p-values are valid and
        have a sampling error of their own.
    null : str
        The hypothesis that is tested, as a sentence.
    """

    factors: tuple[str, ...]
    p_values: Array
    p_global: float
    exchange: Exchange
    permutations: int
    exact: bool
    null: str


def permutation_test(fit: Fit, trials: Trials, *, exchange: Exchange = "runs", seed: int = 0) -> PermutationTest | str:
    """Test the main effects of a model by permutation.

    Parameters
    ----------
    fit : Fit
        The model, with its main effects, and the responses.
    trials : Trials
        The design.
    exchange : {"runs", "mirrors"}
        Which null hypothesis, and so what is exchanged.
    seed : int
        Of sampled permutations; the sample does not depend on the order of rows or factors.

    Returns
    -------
    PermutationTest or str
        The reason, as a clause, when the model is weighted, has covariates, or the design does not allow the exchange.

    Notes
    -----
    A sampled test counts the observed order as one of the permutations (Phipson and Smyth 2010), so no p-value is 0.
    """
    mains = [t for t in fit.model.terms if t.name in trials.factor_names]
    known = {*trials.coded.columns, trials.block}
    if fit.weights is not None or any(name not in known for t in fit.model.terms for name in t.variables):
        return "trials with weights or covariates cannot be exchanged"
    if not mains:
        return "the model has no main effect"
    at = [t.start for t in mains]
    weights = fit.model.matrix @ fit.unscaled[:, at] / np.sqrt(np.diag(fit.unscaled)[at])
    if exchange == "mirrors":
        pairs = find_pairs(find_cells(trials), fit.model.matrix)
        if isinstance(pairs, str):
            return pairs
        found = _swap(pairs, weights, fit.y, seed)
        null = "No main effect, nor any interaction of an odd number of factors; two-factor ones may be there."
    else:
        found = _reorder(trials.blocks or [""] * trials.n, weights, fit.y, seed)
        null = "No factor has any effect, alone or with others."
    if isinstance(found, str):
        return found
    largest, exact = found
    observed = np.abs(fit.y @ weights)
    ordered = np.sort(largest)
    above = len(ordered) - np.searchsorted(ordered, observed * (1.0 - _TIE), side="left")
    p_values = above / len(ordered)
    names = tuple(t.name for t in mains)
    return PermutationTest(names, p_values, float(p_values.min()), exchange, len(ordered), exact, null)


def _reorder(blocks: list[str], weights: Array, y: Array, seed: int) -> tuple[Array, bool]:
    """Return the largest statistic of each order of the responses within blocks, and whether these are all orders."""
    members = row_order(y, weights, blocks)
    # From here on trials stand by block and response, whatever the table's order was.
    order = np.concatenate(members)
    weights, y = weights[order], y[order]
    sizes = [len(rows) for rows in members]
    starts = np.cumsum([0, *sizes[:-1]])
    if math.prod(math.factorial(size) for size in sizes) <= _MOST_EXACT:
        parts = [[np.array(p) + s for p in permutations(range(n))] for n, s in zip(sizes, starts, strict=True)]
        orders = np.array([np.concatenate(p) for p in product(*parts)])
        return np.abs(y[orders] @ weights).max(axis=1), True
    rng = np.random.Generator(np.random.PCG64([seed, 3]))
    draws = max(199, min(DRAWS, _MAX_EXCHANGES // len(y)))
    columns = [s + np.argsort(rng.random((draws, n)), axis=1) for n, s in zip(sizes, starts, strict=True)]
    orders = np.vstack([np.arange(len(y)), np.hstack(columns)])
    return np.abs(y[orders] @ weights).max(axis=1), False


def _swap(pairs: FoldoverPairs, weights: Array, y: Array, seed: int) -> tuple[Array, bool] | str:
    """Return the largest statistic of each set of swaps within mirrored pairs, and whether these are all sets."""
    cells = pairs.cells
    if pairs.block_shift:
        return "mirrored runs lie in different blocks, whose difference a swap would mix with the effects"
    if cells.df or 2 * len(pairs.first) != len(y):
        return "swaps need exactly one mirror for each trial"
    trial = np.argsort(cells.of, kind="stable")
    first, second = trial[pairs.first], trial[pairs.second]
    centre = (y[first] + y[second]) @ (weights[first] + weights[second]) / 2.0
    apart = y[first] - y[second]
    halves = (apart[:, None] * (weights[first] - weights[second]) / 2.0)[np.argsort(np.abs(apart), kind="stable")]
    count = len(halves)
    if 2**count <= _MOST_EXACT:
        signs = 1.0 - 2.0 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
        return np.abs(signs @ halves + centre).max(axis=1), True
    rng = np.random.Generator(np.random.PCG64([seed, 4]))
    signs = np.vstack([np.ones(count), rng.choice([-1.0, 1.0], (DRAWS, count))])
    return np.abs(signs @ halves + centre).max(axis=1), False
