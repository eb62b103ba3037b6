"""Models of main effects and two-factor interactions that respect heredity, enumerated.

Hamada, M. and Wu, C. F. J. (1992), Analysis of designed experiments with complex aliasing, Journal of Quality
Technology 24, 130-137: an interaction is seldom active while both its factors are inert. Weak heredity asks for the
main effect of at least one of them in the model, strong heredity (Chipman 1996, Canadian Journal of Statistics 24,
17-36) for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb
from typing import Literal

import numpy as np
import numpy.typing as npt

Index = npt.NDArray[np.intp]
Models = npt.NDArray[np.int16]
Heredity = Literal["strong", "weak", "none"]
HEREDITIES: tuple[Heredity, ...] = ("strong", "weak", "none")
_CHUNK = 50_000  # models made at once


def two_factor_interactions(k: int) -> list[tuple[int, int]]:
    """Return the pairs of k factors in the order of their terms: term k + i is the i-th pair."""
    return list(combinations(range(k), 2))


def count_heredity_models(k: int, max_terms: int, heredity: Heredity) -> int:
    """Return the number of models that ``heredity_models`` yields."""
    return sum(
        comb(k, mains) * comb(_eligible_count(k, mains, heredity), pairs)
        for mains in range(min(k, max_terms) + 1)
        for pairs in range(max_terms - mains + 1)
    )


def heredity_models(k: int, max_terms: int, heredity: Heredity) -> Iterator[Models]:
    """Enumerate the models of up to ``max_terms`` main effects and two-factor interactions.

    Parameters
    ----------
    k : int
        Number of factors.
    max_terms : int
        The most terms in a model.
    heredity : {"strong", "weak", "none"}
        Whether an interaction asks for both, one or none of its main effects.

    Yields
    ------
    ndarray of int16, shape (models, terms)
        Models of one number of terms, each once over all arrays. Terms 0..k-1 are the main effects, the others as in
        ``two_factor_interactions``. The empty model has shape (1, 0).
    """
    pairs = np.array(two_factor_interactions(k), dtype=np.intp).reshape(comb(k, 2), 2)
    for mains in range(min(k, max_terms) + 1):
        sets = np.array(list(combinations(range(k), mains)), dtype=np.intp).reshape(comb(k, mains), mains)
        eligible = _eligible(sets, pairs, k, heredity)
        for count in range(min(max_terms - mains, eligible.shape[1]) + 1):
            width = comb(eligible.shape[1], count)
            chosen = np.array(list(combinations(range(eligible.shape[1]), count)), dtype=np.intp).reshape(width, count)
            step = max(1, _CHUNK // width)
            for start in range(0, len(sets), step):
                part = slice(start, start + step)
                repeated = np.repeat(sets[part], width, axis=0)
                interactions = eligible[part][:, chosen].reshape(len(repeated), count)
                yield np.hstack([repeated, k + interactions]).astype(np.int16)


def _eligible_count(k: int, mains: int, heredity: Heredity) -> int:
    """Count the interactions that may join a given number of main effects."""
    if heredity == "strong":
        return comb(mains, 2)
    return comb(k, 2) - (comb(k - mains, 2) if heredity == "weak" else 0)


def _eligible(sets: Index, pairs: Index, k: int, heredity: Heredity) -> Index:
    """Return the places of the pairs that may join each set of main effects; equally many for each set."""
    held = np.zeros((len(sets), k), dtype=np.intp)
    np.put_along_axis(held, sets, 1, axis=1)
    parents = held[:, pairs[:, 0]] + held[:, pairs[:, 1]]
    needed = {"strong": 2, "weak": 1, "none": 0}[heredity]
    return np.nonzero(parents >= needed)[1].reshape(len(sets), -1) if len(pairs) else np.empty((len(sets), 0), np.intp)
