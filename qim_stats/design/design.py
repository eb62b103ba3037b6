"""The Design: what to run, row by row, in standard order and with a seeded random execution order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.design.aliasing import loss_warnings
from qim_stats.design.new_file import write_new
from qim_stats.errors import DesignError
from qim_stats.factors import Factor

IntArray = npt.NDArray[np.int64]

BOOKKEEPING = ("run", "replicate", "block", "order")
"""The columns of a design that say which trial a row is."""


@dataclass(frozen=True, eq=False)
class Design:
    """A two-level design.

    Parameters
    ----------
    kind : str
        ``"plackett-burman"`` or ``"full-factorial"``.
    factors : tuple of Factor
        The k factors.
    coded : DataFrame
        One row per trial in standard order (by block, replicate, run). Integer columns: ``run`` (from 1; the same
        number for the replicates of a row), ``replicate`` (from 1), ``block`` (from 1), ``order`` (1..n, the order to
        run the trials in, random within blocks), then -1/+1 for each factor and each dummy column.
    dummies : tuple of str
        The names of the spare columns, which no factor uses.
    seed : int
        The seed of the random order.
    warnings : tuple of str
        What this design cannot tell, as sentences.
    """

    kind: str
    factors: tuple[Factor, ...]
    coded: pd.DataFrame
    dummies: tuple[str, ...]
    seed: int
    warnings: tuple[str, ...]

    @property
    def n(self) -> int:
        """The number of trials."""
        return len(self.coded)

    @property
    def base_runs(self) -> int:
        """The number of different runs before any foldover or replicate."""
        return int(self.coded.loc[self.coded["block"] == 1, "run"].nunique())

    @property
    def replicates(self) -> int:
        """How many trials each run has."""
        return int(self.coded["replicate"].max())

    @property
    def folded(self) -> bool:
        """Whether a foldover follows as a second block."""
        return int(self.coded["block"].max()) > 1

    def natural(self) -> pd.DataFrame:
        """Return the design in natural levels.

        Returns
        -------
        DataFrame
            As ``coded``, with each factor's column in its own levels; the dummy columns stay -1/+1.
        """
        frame = self.coded.copy()
        for factor in self.factors:
            frame[factor.name] = pd.Series([factor.decode(sign) for sign in self.coded[factor.name]], index=frame.index)
        return frame

    def table(self, response: str | None = None) -> pd.DataFrame:
        """Return the table to fill in: natural levels, sorted by the order to run the trials in.

        Parameters
        ----------
        response : str, optional
            The name of a last, empty column for what will be measured.

        Returns
        -------
        DataFrame
            One row per trial.

        Raises
        ------
        DesignError
            If the response has the name of another column.
        """
        frame = self.natural().sort_values("order", ignore_index=True)
        if response is not None:
            if response in frame.columns:
                raise DesignError(
                    f"the response {response!r} has the name of another column",
                    where="response",
                    remedy="give it a name of its own",
                )
            frame[response] = pd.Series([None] * len(frame), dtype=object)
        return frame

    def to_csv(self, path: str | Path, response: str | None = None) -> None:
        """Write ``table(response)`` as CSV.

        Parameters
        ----------
        path : str or Path
            The file to write.
        response : str, optional
            The name of an empty column for what will be measured.

        Raises
        ------
        DesignError
            If the response has the name of another column.
        QimError
            If the file is there already with other content, which may have been measured, or cannot be written.
        """
        write_new({Path(path): self.csv(response)})

    def csv(self, response: str | None = None) -> str:
        """Return the text that ``to_csv`` writes."""
        return self.table(response).to_csv(index=False, lineterminator="\n")


def assemble(kind: str, factors: tuple[Factor, ...], rows: pd.DataFrame, dummies: tuple[str, ...], seed: int) -> Design:
    """Put rows into standard order, draw the execution order, and say what the design cannot tell.

    Parameters
    ----------
    kind : str
        The kind of design.
    factors : tuple of Factor
        The factors, checked.
    rows : DataFrame
        Columns ``run``, ``replicate``, ``block``, then one -1/+1 column per factor and dummy; a column ``order`` is
        replaced.
    dummies : tuple of str
        The names of the spare columns.
    seed : int
        0 or more; the same seed gives the same order in any process.

    Returns
    -------
    Design
        The design.

    Raises
    ------
    DesignError
        If the seed is not a whole number of at least 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise DesignError(
            f"the seed {seed!r} is not a whole number of at least 0", where="seed", remedy="give for example seed 0"
        )
    columns = [*(factor.name for factor in factors), *dummies]
    coded = rows.sort_values(["block", "replicate", "run"], ignore_index=True)
    coded["order"] = _execution_order(coded["block"].to_numpy(), int(seed))
    coded = coded[[*BOOKKEEPING, *columns]].astype(np.int64)
    return Design(
        kind=kind,
        factors=factors,
        coded=coded,
        dummies=dummies,
        seed=int(seed),
        warnings=loss_warnings(coded, [factor.name for factor in factors], dummies),
    )


def base_rows(signs: IntArray, columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows of an unreplicated design in one block, from its signs.

    Parameters
    ----------
    signs : ndarray of int64, shape (n, c)
        -1 and +1.
    columns : sequence of str
        The c names.

    Returns
    -------
    DataFrame
        ``run`` 1..n, ``replicate`` 1, ``block`` 1, then the signs.
    """
    rows = pd.DataFrame(signs, columns=list(columns), dtype=np.int64)
    rows.insert(0, "run", np.arange(1, len(rows) + 1))
    rows.insert(1, "replicate", 1)
    rows.insert(2, "block", 1)
    return rows


def _execution_order(blocks: npt.NDArray[np.int64], seed: int) -> IntArray:
    """Draw the order of the trials at random within each block, the blocks one after the other.

    The first block is drawn first, so that a block added later leaves the order of the trials before it as it was.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    order = np.empty(len(blocks), dtype=np.int64)
    start = 1
    for block in np.unique(blocks):
        rows = np.flatnonzero(blocks == block)
        order[rows] = start + rng.permutation(len(rows))
        start += len(rows)
    return order
