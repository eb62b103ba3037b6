"""Whether the best model of a search stands out from what the best of as many models makes of pure noise.

A search over thousands of models finds one that fits well in any data. The permutation test compares the best AICc
with the best over the same models after the responses were shuffled among the runs, within blocks: without effects all
shufflings are equally likely. p = (1 + as good or better) / (1 + shuffled sets), Phipson, B. and Smyth, G. K. (2010),
Permutation p-values should never be zero, Statistical Applications in Genetics and Molecular Biology 9, article 39.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.screening.heredity import Heredity, Models, heredity_models
from qim_stats.screening.model_space import ALIASED, RIDGE, InnerProducts, model_space
from qim_stats.screening.row_order import row_order

Array = npt.NDArray[np.float64]
PERMUTATIONS = 199
_CHUNK = 1_000_000  # bytes of right-hand sides held at once: more than the cache holds take half as long again
_EQUAL = 1e-6  # AICc within which two fits are equally good


@dataclass(frozen=True)
class SearchTest:
    """The test of no effect at all.

    Parameters
    ----------
    p_value : float
        Chance of a best model as good as this without any effect.
    permutations : int
        Shuffled sets compared with; p is at least 1 / (1 + permutations).
    """

    p_value: float
    permutations: int


def search_p_value(
    x: Array,
    y: Array,
    names: Sequence[str],
    *,
    heredity: Heredity = "weak",
    max_terms: int | None = None,
    blocks: Array | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> SearchTest | str:
    """Test whether the best model of a search is better than noise makes it.

    Parameters
    ----------
    x, y, names, heredity, max_terms, blocks
        As of ``search_models``; rows of ``blocks`` that are equal make a block.
    permutations : int
        How many times the responses are shuffled.
    seed : int
        Of the shuffling.

    Returns
    -------
    SearchTest or str
        The reason, as a clause, when there is nothing to search.

    Raises
    ------
    QimError
        As of ``search_models``.

    Notes
    -----
    The responses are shuffled from the order of ``row_order``, so that the answer depends neither on the order of the
    runs nor on names, order or levels of the factors.
    """
    space = model_space(x, y, names, heredity=heredity, max_terms=max_terms, blocks=blocks)
    if isinstance(space, str):
        return space
    shuffled = _shuffled(y, x, blocks, permutations, seed)
    left = space.data.rest(shuffled)
    responses = left / np.sqrt((left**2).sum(axis=0))
    best = np.full(permutations + 1, np.inf)
    for models in heredity_models(len(names), space.max_terms, heredity):
        np.minimum(best, _best_of(models, space.products, responses), out=best)
    as_good = int((best[1:] <= best[0] + _EQUAL).sum())
    return SearchTest((1 + as_good) / (1 + permutations), permutations)


def _shuffled(y: Array, x: Array, blocks: Array | None, permutations: int, seed: int) -> Array:
    """Return the response and its shuffled copies, one per column."""
    labels = np.zeros(len(y), dtype=np.intp)
    if blocks is not None and blocks.shape[1]:
        labels = np.unique(blocks, axis=0, return_inverse=True)[1].ravel()
    members = row_order(y, x, labels.tolist())
    rng = np.random.Generator(np.random.PCG64([seed, len(y), len(members)]))
    copies = np.tile(y[:, None], (1, permutations + 1))
    for column in range(1, permutations + 1):
        for rows in members:
            copies[rows, column] = y[rng.permutation(rows)]
    return copies


def _best_of(models: Models, products: InnerProducts, responses: Array) -> Array:
    """Return, for each response, the smallest AICc of these models."""
    terms, count = models.shape[1], responses.shape[1]
    n = len(responses)
    if terms == 0:
        return np.full(count, products.penalty(0))
    cross = products.columns[:, :-1].T @ responses
    smallest = np.full(count, np.inf)
    step = max(1, _CHUNK // (8 * terms * count))
    diagonal = np.arange(terms)
    for start in range(0, len(models), step):
        taken = models[start : start + step].astype(np.intp)
        gram = products.gram[taken[:, :, None], taken[:, None, :]]
        gram[:, diagonal, diagonal] += RIDGE
        root = np.linalg.cholesky(gram)
        kept = (root.diagonal(axis1=1, axis2=2) ** 2 >= ALIASED).all(axis=1)
        if kept.any():
            # Where no term is aliased the inverses are accurate, and with so many responses three times as fast.
            explained = ((np.linalg.inv(root[kept]) @ cross[taken[kept]]) ** 2).sum(axis=1)
            rss = np.maximum(1.0 - explained.max(axis=0), RIDGE)
            np.minimum(smallest, n * np.log(rss) + products.penalty(terms), out=smallest)
    return smallest
