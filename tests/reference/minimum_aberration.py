"""Search for the generators in qim_stats/design/generators.py, and compare.

    python tests/reference/minimum_aberration.py

A set of columns is built a column at a time; of the sets that agree in an invariant under renaming factors and basic
columns (rows by the number of factors that are high, for the set and for each pair of its columns) one is kept. The
numbers of sets so found (for 32 runs and 6 to 16 factors 4, 8, 15, 29, 46, 64, 89, 112, 128, 144, 145) are
printed. Takes about ten seconds.
"""

from __future__ import annotations

import sys
from itertools import count

import numpy as np
import numpy.typing as npt

from qim_stats.design.generators import generated_columns
from qim_stats.design.words import word_lengths

IntArray = npt.NDArray[np.int64]
Columns = tuple[int, ...]

_WEIGHTS = np.random.Generator(np.random.PCG64(5)).integers(-(2**62), 2**62, 70)


def highs(m: int) -> IntArray:
    """Return which of the 2^m rows (down) are high in which column (across), as 0 and 1."""
    numbers = np.arange(2**m)
    return np.bitwise_count(numbers[:, None] & numbers).astype(np.int64) % 2


def invariant(x: IntArray) -> tuple[bytes, bytes]:
    """Return what renaming factors and basic columns cannot change."""
    k = x.shape[1]
    high = x.sum(axis=1)
    pairs = (x * _WEIGHTS[high][:, None]).T @ x
    pairs = pairs * pairs + pairs * 7919
    factors = np.sort(
        (pairs * pairs).sum(axis=1) * 31 + (x.T @ np.eye(k + 1, dtype=np.int64)[high]) @ _WEIGHTS[: k + 1]
    )
    return np.bincount(high, minlength=k + 1).tobytes(), factors.tobytes()


def catalogue(m: int, largest: int, *, caps: bool) -> dict[int, list[Columns]]:
    """List the different sets of columns of each size; ``caps`` are those without three whose product is constant."""
    x = highs(m)
    sets: dict[int, list[Columns]] = {0: [()]}
    for k in range(1, largest + 1):
        found: dict[tuple[bytes, bytes], Columns] = {}
        for chosen in sets[k - 1]:
            span = spanned(chosen)
            banned = {0, *chosen} | ({a ^ b for a in chosen for b in chosen} if caps else set())
            outside = next((c for c in count(1) if c not in span), 0)  # any column outside the span is as good
            for column in {*span, outside} - banned:
                if column < 2**m:
                    found.setdefault(invariant(x[:, [*chosen, column]]), (*chosen, column))
        sets[k] = list(found.values())
    return sets


def spanned(chosen: Columns) -> set[int]:
    """Return all products of some columns."""
    span = {0}
    for column in chosen:
        span |= {column ^ other for other in span}
    return span


def pattern(m: int, chosen: Columns) -> tuple[int, ...]:
    """Return the word length pattern."""
    return word_lengths(2 * highs(m)[:, list(chosen)] - 1)


def best_patterns() -> dict[tuple[int, int], tuple[int, ...]]:
    """Find the least word length pattern of each size."""
    best: dict[tuple[int, int], tuple[int, ...]] = {}
    for m in (3, 4, 5):
        every = set(range(1, 2**m))
        half = catalogue(m, 2 ** (m - 1), caps=False)
        sets = half | {2**m - 1 - k: [tuple(every - {*s}) for s in half[k]] for k in range(2 ** (m - 1))}
        for k in range(m + 1, 2**m):
            spanning = [chosen for chosen in sets[k] if len(spanned(chosen)) == 2**m]
            say(2**m, "runs", k, "factors:", len(spanning), "designs")
            best[2**m, k] = min(pattern(m, chosen) for chosen in spanning)
    # The last catalogue holds the sets of even products for 64 runs and more than 32 factors.
    odd = [c for c in range(1, 64) if c.bit_count() % 2]
    for k in range(33, 64):
        even = [[c if c.bit_count() % 2 == 0 else c | 32 for c in chosen] for chosen in sets[k - 32]]
        best[64, k] = min(pattern(6, (*odd, *chosen)) for chosen in even)
    for k, caps in catalogue(6, 32, caps=True).items():
        if k > 6:
            say(64, "runs", k, "factors:", len(caps), "designs of resolution IV or more")
            best[64, k] = min(pattern(6, chosen) for chosen in caps if len(spanned(chosen)) == 64)
    return best


def say(*words: object) -> None:
    """Write a line."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def main() -> None:
    """Compare the table with the search."""
    for (runs, k), wanted in sorted(best_patterns().items()):
        basic = [1 << bit for bit in range(runs.bit_length() - 1)]
        found = pattern(runs.bit_length() - 1, (*basic, *generated_columns(runs, k)))
        say(runs, k, found[2:8], "as in the table" if found == wanted else f"DIFFERS from {wanted[2:8]}")


if __name__ == "__main__":
    with np.errstate(over="ignore"):
        main()
