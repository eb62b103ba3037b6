"""The contrasts of a regular design that its blocks had best be confounded with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from qim_stats.design.words import coordinates, spelled

IntArray = npt.NDArray[np.int64]

_ALL_TRIED = 6  # independent factors up to which all choices are compared


def regular_contrasts(signs: IntArray, names: Sequence[str], blocks: int) -> tuple[IntArray, tuple[str, ...]] | None:
    """Choose the contrasts for blocks of a regular design.

    Parameters
    ----------
    signs : ndarray of int64, shape (n, k)
        The design's settings, each once.
    names : sequence of str
        The names of the k factors.
    blocks : int
        2, 4 or 8.

    Returns
    -------
    tuple of (ndarray of int64, tuple of str) or None
        log2(blocks) columns of -1 and +1 whose signs say the block, and all blocks - 1 contrasts spelled as products of
        as few factors as can be. None when the design is not regular, or every choice is aliased with a main effect.
    """
    found = coordinates(signs)
    q = blocks.bit_length() - 1
    if found is None or found[0] <= q or 2 ** found[0] != len(signs):
        return None
    m, vectors = found
    generators = _searched(m, vectors, q) if m <= _ALL_TRIED else _spread(m, vectors, q)
    if generators is None:
        return None
    # A contrast is spelled by its word of fewest factors; the independent factors spell all of them.
    independent = {1 << place: vectors.index(1 << place) for place in range(m)}
    contrasts = np.column_stack(
        [
            np.prod(signs[:, [independent[1 << place] for place in range(m) if g >> place & 1]], axis=1)
            for g in generators
        ]
    )
    return contrasts, tuple(spelled(_shortest(point, vectors, independent), names) for point in _span(generators))


def _searched(m: int, vectors: tuple[int, ...], q: int) -> tuple[int, ...] | None:
    """Compare all choices by the main effects, two-factor and three-factor interactions confounded with blocks."""
    counts = [np.zeros(2**m, dtype=np.int64) for _ in range(3)]
    for size, count in enumerate(counts, start=1):
        for chosen in combinations(vectors, size):
            count[np.bitwise_xor.reduce(chosen)] += 1
    best: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    points = [point for point in range(1, 2**m) if not counts[0][point]]
    for generators in combinations(points, q):
        span = _span(generators)
        if len({0, *span}) < 2**q or counts[0][span].any():
            continue
        # As words of four and more are worth the same here, the longest words come first among equals.
        cost = (int(counts[1][span].sum()), int(counts[2][span].sum()), -sum(p.bit_count() for p in span))
        if best is None or cost < best[0]:
            best = cost, generators
    return best[1] if best else None


def _spread(m: int, vectors: tuple[int, ...], q: int) -> tuple[int, ...] | None:
    """Share out the factors of a full factorial evenly among the patterns of generators that a factor can be in.

    With 2^q - 1 patterns each word then holds about the same, the largest possible, number of factors.
    """
    if len(vectors) != m:
        return None
    patterns = 2**q - 1
    best: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    for extra in combinations(range(patterns), m % patterns):
        pattern = [p + 1 for p in range(patterns) for _ in range(m // patterns + (p in extra))]
        generators = tuple(sum((p >> bit & 1) << place for place, p in enumerate(pattern)) for bit in range(q))
        lengths = tuple(sorted((-point.bit_count() for point in _span(generators)), reverse=True))
        if best is None or lengths < best[0]:
            best = lengths, generators
    return best[1] if best else None


def _span(generators: Sequence[int]) -> list[int]:
    """Return all sums of one or more generators."""
    span = [0]
    for generator in generators:
        span += [point ^ generator for point in span]
    return span[1:]


def _shortest(point: int, vectors: tuple[int, ...], independent: dict[int, int]) -> int:
    """Return the word of fewest factors of a contrast, as a number whose bits name the factors."""
    if len(vectors) > len(independent):
        for size in (2, 3):
            for chosen in combinations(range(len(vectors)), size):
                if np.bitwise_xor.reduce([vectors[f] for f in chosen]) == point:
                    return sum(1 << f for f in chosen)
    return sum(1 << factor for place, factor in independent.items() if point & place)
