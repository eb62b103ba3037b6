"""Search for the first rows behind the Hadamard matrices of orders 116, 156, 172 and 188, and compare.

    python tests/reference/hadamard_rows.py

Prints whether what is found is what qim_stats/design/williamson.py and goethals_seidel.py hold. Takes half a minute.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from qim_stats.design.goethals_seidel import goethals_seidel
from qim_stats.design.williamson import first_rows

IntArray = npt.NDArray[np.int64]


def orbits(n: int, multipliers: tuple[int, ...]) -> list[list[int]]:
    """Return the sets of nonzero positions that multiplying by these numbers keeps."""
    left = list(range(1, n))
    found = []
    while left:
        orbit = {left[0]}
        while more := {p * m % n for p in orbit for m in multipliers} - orbit:
            orbit |= more
        found.append(sorted(orbit))
        left = [p for p in left if p not in orbit]
    return found


def four_rows(n: int, multipliers: tuple[int, ...]) -> IntArray:
    """Find four rows of length n, kept by the multipliers, whose periodic autocorrelations sum to 0."""
    classes = orbits(n, multipliers)
    signs = 2 * (np.arange(2 ** len(classes))[:, None] >> np.arange(len(classes)) & 1) - 1
    rows = np.ones((len(signs), n), dtype=np.int64)
    for column, orbit in enumerate(classes):
        rows[:, orbit] = signs[:, [column]]
    power = np.abs(np.fft.rfft(rows, axis=1)) ** 2
    possible = (power <= 4 * n + 1e-6).all(axis=1)
    rows, power = rows[possible], power[possible]
    autocorrelation = np.rint(np.fft.irfft(power, n=n, axis=1)).astype(np.int64)[:, 1 : n // 2 + 1]
    weights = np.random.Generator(np.random.PCG64(1)).integers(-(2**55), 2**55, autocorrelation.shape[1])
    keys = autocorrelation @ weights
    first = np.sort(np.unique(keys, return_index=True)[1])
    rows, keys, autocorrelation = rows[first], keys[first], autocorrelation[first]
    one, two = np.triu_indices(len(keys))
    sums = keys[one] + keys[two]
    seen: dict[int, int] = {}
    for pair in np.flatnonzero(np.isin(sums, -sums)):
        other = seen.get(-int(sums[pair]))
        if other is not None:
            four = [one[pair], two[pair], one[other], two[other]]
            if not autocorrelation[four].sum(axis=0).any():
                return rows[four]
        seen[int(sums[pair])] = int(pair)
    raise ValueError(f"there are none for {n}")


def aperiodic(rows: IntArray) -> IntArray:
    """Return the aperiodic autocorrelations of rows at the shifts 1 to 15."""
    padded = np.pad(rows, ((0, 0), (0, 16 - rows.shape[1])))
    shifts = [(padded[:, s:] * padded[:, : 16 - s]).sum(axis=1) for s in range(1, 16)]
    return np.column_stack(shifts)


def turyn_rows() -> IntArray:
    """Find Turyn-type sequences of length 16, and from them four rows of length 47."""
    bits = 1 - 2 * (np.arange(2**15)[:, None] >> np.arange(16) & 1)
    halves = 2 * (np.arange(2**7)[:, None] >> np.arange(7) & 1) - 1
    ratio = np.column_stack([np.ones(2**7, dtype=np.int64), -halves, halves[:, ::-1], np.ones(2**7, dtype=np.int64)])
    weights = np.random.Generator(np.random.PCG64(2)).integers(-(2**55), 2**55, 15)
    y_keys = [aperiodic(bits * r) @ weights for r in ratio]
    x_keys = aperiodic(bits) @ weights
    pairs = np.concatenate([x_keys + keys for keys in y_keys])
    order = np.argsort(pairs)
    ranked = pairs[order]
    w = bits[: 2**14, :15]
    w_keys = aperiodic(w) @ weights
    for z, z_key in zip(bits, x_keys, strict=True):
        wanted = -2 * (z_key + w_keys)
        at = np.minimum(np.searchsorted(ranked, wanted), len(ranked) - 1)
        hits = np.flatnonzero(ranked[at] == wanted)
        if len(hits):
            half, x = divmod(int(order[at[hits[0]]]), 2**15)
            return joined(bits[x], bits[x] * ratio[half], z, w[hits[0]])
    raise ValueError("there are none")


def joined(x: IntArray, y: IntArray, z: IntArray, w: IntArray) -> IntArray:
    """Make the four rows from T-sequences."""
    t = np.zeros((4, 47), dtype=np.int64)
    t[0, :16], t[1, 16:31], t[2, 31:], t[3, 31:] = z, w, (x + y) // 2, (x - y) // 2
    return np.array([[1, 1, 1, 1], [-1, 1, 1, -1], [-1, -1, 1, 1], [-1, 1, -1, 1]]) @ t


def main() -> None:
    """Compare the rows with the search."""
    for n, multipliers in ((116, (-1,)), (172, (-1, 6)), (156, (16,)), (188, ())):
        found = turyn_rows() if n == 188 else four_rows(n // 4, multipliers)
        held = first_rows(n) if n in (116, 172) else held_rows(n)
        same = {tuple(row) for row in found.tolist()} == {tuple(row) for row in held.tolist()}
        power = (np.abs(np.fft.fft(found, axis=1)) ** 2).sum(axis=0)
        sys.stdout.write(f"{n}: sums of power {power.min():.6f} to {power.max():.6f}; held ones are ")
        sys.stdout.write("the same\n" if same else "others\n")


def held_rows(n: int) -> IntArray:
    """Return the first rows of the circulants in the first block row of Goethals and Seidel's matrix."""
    first = goethals_seidel(n)[0].reshape(4, n // 4)
    return np.vstack([first[:1], first[1:, ::-1]])


if __name__ == "__main__":
    with np.errstate(over="ignore"):
        main()
