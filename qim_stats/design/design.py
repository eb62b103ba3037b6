"""The Design: what to run, row by row, in standard order and with a seeded execution order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.design.aliasing import loss_warnings
from qim_stats.design.new_file import write_new
from qim_stats.design.run_order import random_order
from qim_stats.errors import DesignError
from qim_stats.factors import Factor

IntArray = npt.NDArray[np.int64]

DEFINITIVE = "definitive"

BOOKKEEPING = ("run", "replicate", "block", "order")
"""The columns of a design that say which trial a row is."""


@dataclass(frozen=True, eq=False)
class Design:
    """A design of two levels, or of three where center points or definitive screening put factors in the middle.

    Parameters
    ----------
    kind : str
        One of ``qim_stats.design.KINDS``.
    factors : tuple of Factor
        The k factors.
    coded : DataFrame
        One row per trial in standard order (by block, replicate, run). Integer columns: ``run`` (from 1; the same
        number for the replicates of a row), ``replicate`` (from 1), ``block`` (from 1), ``order`` (1..n, the order to
        run the trials in, one block after the other), then -1/+1 (0 in the middle) for each factor and dummy column.
    dummies : tuple of str
        The names of the spare columns, which no factor uses.
    seed : int
        The seed of the execution order.
    warnings : tuple of str
        What this design cannot tell, as sentences.
    folded : bool
        Whether a foldover follows as a second block.
    confounded : tuple of str
        What is confounded with blocks, as sentences; empty where nothing is known to be.
    columns : str
        ``"first"`` or ``"best"``: how the factors' columns were chosen.
    run_order : str
        ``"random"`` within blocks, or ``"drift-proof"``.
    """

    kind: str
    factors: tuple[Factor, ...]
    coded: pd.DataFrame
    dummies: tuple[str, ...]
    seed: int
    warnings: tuple[str, ...]
    folded: bool = False
    confounded: tuple[str, ...] = ()
    columns: str = "first"
    run_order: str = "random"

    @property
    def n(self) -> int:
        """The number of trials."""
        return len(self.coded)

    @property
    def names(self) -> list[str]:
        """The names of the factors, in order."""
        return [factor.name for factor in self.factors]

    @property
    def at_center(self) -> npt.NDArray[np.bool_]:
        """Which trials have every factor in the middle; shape (n,)."""
        return center_rows(self.coded, self.names)

    @property
    def center_points(self) -> int:
        """The number of trials with every factor in the middle."""
        return int(self.at_center.sum())

    @property
    def base_runs(self) -> int:
        """The number of different runs before any foldover, replicate or center point that was added."""
        others = int(self.coded.loc[~self.at_center, "run"].nunique())
        # A definitive screening design has its center run from the start.
        return (others // 2 if self.folded else others) + int(self.kind == DEFINITIVE)

    @property
    def replicates(self) -> int:
        """How many trials each run has that is not a center point."""
        return int(self.coded.loc[~self.at_center, "replicate"].max())

    @property
    def blocks(self) -> int:
        """The number of blocks."""
        return int(self.coded["block"].nunique())

    def natural(self) -> pd.DataFrame:
        """Return the design in natural levels.

        Returns
        -------
        DataFrame
            As ``coded``, with each factor's column in its own levels; the dummy columns stay -1/+1.
        """
        levels = {
            factor.name: pd.Series(
                [factor.decode(sign) for sign in self.coded[factor.name]], index=self.coded.index, name=factor.name
            )
            for factor in self.factors
        }
        # Put together at once: one by one, the columns of a large design would lie scattered in memory.
        return pd.concat([levels.get(name, self.coded[name]) for name in self.coded.columns], axis=1)

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
            empty = pd.Series([None] * len(frame), dtype=object, name=response)
            frame = pd.concat([frame, empty], axis=1)
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


def assemble(
    kind: str,
    factors: tuple[Factor, ...],
    rows: pd.DataFrame,
    dummies: tuple[str, ...],
    seed: int,
    *,
    folded: bool = False,
    columns: str = "first",
) -> Design:
    """Put rows into standard order, draw the execution order, and say what the design cannot tell.

    Parameters
    ----------
    kind : str
        The kind of design.
    factors : tuple of Factor
        The factors, checked.
    rows : DataFrame
        Columns ``run``, ``replicate``, ``block``, then one -1/0/+1 column per factor and dummy; a column ``order`` is
        replaced.
    dummies : tuple of str
        The names of the spare columns.
    seed : int
        0 or more; the same seed gives the same order in any process.
    folded : bool, optional
        Whether block 2 is the foldover of block 1.
    columns : str, optional
        How the factors' columns were chosen.

    Returns
    -------
    Design
        The design, in random order.

    Raises
    ------
    DesignError
        If the seed is not a whole number of at least 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise DesignError(
            f"the seed {seed!r} is not a whole number of at least 0", where="seed", remedy="give for example seed 0"
        )
    names = [factor.name for factor in factors]
    coded = rows.sort_values(["block", "replicate", "run"], ignore_index=True)
    coded["order"] = random_order(coded["block"].to_numpy(), center_rows(coded, names), int(seed))
    coded = coded[[*BOOKKEEPING, *names, *dummies]].astype(np.int64)
    return Design(
        kind=kind,
        factors=factors,
        coded=coded,
        dummies=dummies,
        seed=int(seed),
        warnings=loss_warnings(coded, names, dummies, folded=folded),
        folded=folded,
        columns=columns,
    )


def rebuilt(design: Design, rows: pd.DataFrame, *, folded: bool | None = None) -> Design:
    """Return a design with other rows, assembled anew: random order, and the warnings that then hold.

    Parameters
    ----------
    design : Design
        Where kind, factors, seed, choice of columns and confounding come from.
    rows : DataFrame
        As ``assemble`` takes them; dummy columns that are not there are dropped.
    folded : bool, optional
        Whether block 2 is the foldover of block 1; as before when left out.

    Returns
    -------
    Design
        The new design.
    """
    made = assemble(
        design.kind,
        design.factors,
        rows,
        tuple(name for name in design.dummies if name in rows.columns),
        design.seed,
        folded=design.folded if folded is None else folded,
        columns=design.columns,
    )
    return replace(made, confounded=design.confounded)


def center_rows(coded: pd.DataFrame, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which rows of coded columns have all of these factors in the middle; shape (n,)."""
    return np.asarray((coded[list(names)] == 0).all(axis=1), dtype=np.bool_)


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
