"""What a design confuses: main effects and spare columns with two-factor interactions, said in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]

_WHOLE = 1 - 1e-9  # an absolute correlation from here on is one: entries are multiples of 1/n


@dataclass(frozen=True)
class Aliasing:
    """How a design's columns correlate with its two-factor interactions (2FIs).

    Parameters
    ----------
    main_largest : float
        The largest absolute correlation of a factor's column with the product of two other factors' columns; 0 means
        that all main effects are clear of 2FIs.
    main_whole : tuple of str
        The factors whose main effect is completely aliased with at least one 2FI.
    spare_whole : tuple of str
        The spare columns that are completely aliased with at least one 2FI.
    pairs_whole : int
        How many 2FIs are completely aliased with another 2FI.
    """

    main_largest: float
    main_whole: tuple[str, ...]
    spare_whole: tuple[str, ...]
    pairs_whole: int


def aliasing(coded: pd.DataFrame, factors: Sequence[str], dummies: Sequence[str]) -> Aliasing:
    """Measure how main effects, spare columns and 2FIs are aliased.

    Parameters
    ----------
    coded : DataFrame, n rows
        A design's -1/+1 columns; others are left aside.
    factors, dummies : sequence of str
        The names of the factors' columns and of the spare ones.

    Returns
    -------
    Aliasing
        The largest and the complete aliases.

    Notes
    -----
    In an orthogonal two-level design the entry of the alias matrix (X1'X1)^-1 X1'X2 for a main effect and a 2FI is the
    mean of the product of their columns: Box, G. E. P. and Wilson, K. B. (1951), J. R. Stat. Soc. B 13, 1-45. Center
    points, where all columns are 0, change none of this and are left aside.
    """
    # Replicates repeat rows and change no alias.
    columns = coded.loc[coded["replicate"] == 1, [*factors, *dummies]].to_numpy(dtype=np.float64)
    columns = columns[columns[:, : len(factors)].any(axis=1)]
    sizes = (columns**2).sum(axis=0)
    k = len(factors)
    largest = np.zeros(columns.shape[1])
    seen: Counter[bytes] = Counter()
    for products in _interactions(columns[:, :k]):
        # A product's own two factors correlate with it by the mean of the other, which is 0 in a balanced design.
        # A product that is 0 throughout correlates with nothing.
        lengths = np.sqrt(np.outer(sizes, np.maximum((products**2).sum(axis=0), 1.0)))
        correlations = np.abs(columns.T @ products) / lengths
        largest = np.maximum(largest, correlations.max(axis=1, initial=0.0))
        # Two products are completely aliased when they are equal up to sign.
        leading = np.take_along_axis(products, np.argmax(products != 0, axis=0)[None, :], axis=0)
        seen.update(product.tobytes() for product in (products * leading).astype(np.int8).T)
    return Aliasing(
        main_largest=float(largest[:k].max(initial=0.0)),
        main_whole=tuple(name for name, r in zip(factors, largest[:k], strict=True) if r >= _WHOLE),
        spare_whole=tuple(name for name, r in zip(dummies, largest[k:], strict=True) if r >= _WHOLE),
        pairs_whole=sum(count for count in seen.values() if count > 1),
    )


def loss_warnings(
    coded: pd.DataFrame, factors: Sequence[str], dummies: Sequence[str], *, folded: bool
) -> tuple[str, ...]:
    """Say what a design cannot tell, beyond the partial aliases that every small Plackett-Burman design has.

    Parameters
    ----------
    coded : DataFrame
        The design with ``run``, ``replicate``, ``block`` and its -1/+1 columns.
    factors, dummies : sequence of str
        The names of the factors' columns and of the spare ones.
    folded : bool
        Whether block 2 is the foldover of block 1.

    Returns
    -------
    tuple of str
        Sentences, none when nothing is lost.
    """
    found = aliasing(coded, factors, dummies)
    runs = coded.loc[coded[list(factors)].any(axis=1), "run"].nunique()
    said = []
    if found.main_whole:
        partly = f"; {runs + 4} runs alias them only in part" if _power_of_two(runs) else ""
        said.append(
            f"In these {runs} runs the main effects of {len(found.main_whole)} of {len(factors)} factors are "
            "completely aliased with whole two-factor interactions: an active interaction cannot be told from a main "
            f"effect. A foldover clears them{partly}."
        )
    if found.pairs_whole:
        said.append(
            f"In these {runs} runs {found.pairs_whole} two-factor interactions are completely aliased with one "
            "another: if one of them acts, the design cannot say which."
        )
    if found.spare_whole:
        said.append(
            f"{len(found.spare_whole)} of {len(dummies)} spare columns are completely aliased with two-factor "
            "interactions: an active interaction goes whole into the error estimated from them."
        )
    if folded and _reversed_runs_repeat(coded, factors):
        said.append(
            "The runs of the foldover are runs of the first block again: they serve as replicates, but free no alias."
        )
    # Without replicates or a second block, n runs leave n - 1 - k degrees of freedom: those of the spare columns.
    if len(coded) == len(factors) + 1:
        said.append(
            f"{len(factors)} factors in {len(coded)} runs leave no spare column: no error estimate is left but a "
            "pseudo standard error (Lenth), which holds only while few factors are active."
        )
    return tuple(said)


def _interactions(columns: FloatArray) -> Iterator[FloatArray]:
    """Yield, for each factor, its products with the factors after it; one factor at a time keeps memory small."""
    for first in range(columns.shape[1] - 1):
        yield columns[:, first : first + 1] * columns[:, first + 1 :]


def _power_of_two(n: int) -> bool:
    """Whether n is a power of two."""
    return n & (n - 1) == 0


def _reversed_runs_repeat(coded: pd.DataFrame, factors: Sequence[str]) -> bool:
    """Whether the second block has no setting of the factors that the first has not."""
    settings = [
        {row.tobytes() for row in coded.loc[coded["block"] == block, list(factors)].to_numpy(dtype=np.int8)}
        for block in (1, 2)
    ]
    return settings[1] <= settings[0]
