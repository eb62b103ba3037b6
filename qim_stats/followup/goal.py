"""What further trials are to settle, and how far a posterior has settled it."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from qim_stats.errors import FactorError, QimError
from qim_stats.factors import nearest
from qim_stats.screening.walsh_mixture import shares_before

Array = npt.NDArray[np.float64]
_WHERE = "--goal"
_EXAMPLE = "give top-3, top-1, order, pair:a,b or sign:a"
_TOP = re.compile(r"top-(\d+)")
MOST_FACTORS = 60  # sets of factors are told apart by the bits of one whole number


@dataclass(frozen=True)
class Goal:
    """A question about the main effects.

    Parameters
    ----------
    kind : {"top", "order", "pair", "sign"}
        Which factors are the first ``count``, as a set; the order of all; which of two comes first; one's sign.
    text : str
        As it is written.
    count : int
        For ``"top"``.
    members : tuple of int
        Positions of the factors asked about, for ``"pair"`` and ``"sign"``.
    """

    kind: Literal["top", "order", "pair", "sign"]
    text: str
    count: int = 0
    members: tuple[int, ...] = ()

    @property
    def measure_name(self) -> str:
        """What ``measure`` returns, in words."""
        return {
            "top": f"probability of the likeliest top {self.count}",
            "order": "pairs of factors ordered",
            "pair": "probability of the likelier order",
            "sign": "probability of the likelier sign",
        }[self.kind]

    def moved(self, places: npt.NDArray[np.intp]) -> Goal:
        """Return the same goal where factor i of this one stands at ``places[i]``."""
        return Goal(self.kind, self.text, self.count, tuple(int(places[i]) for i in self.members))

    def measure(self, draws: Array, probability: float) -> tuple[float, bool]:
        """Tell how far draws from a posterior settle the goal.

        Parameters
        ----------
        draws : ndarray of float64, shape (d, k)
            Half effects.
        probability : float
            From which a set, an order or a sign counts as settled.

        Returns
        -------
        float
            The probability of the likeliest answer; for ``"order"`` the number of pairs whose order has at least that
            probability.
        bool
            Whether the goal is settled.
        """
        size = np.abs(draws)
        if self.kind == "top":
            share = _likeliest_set(size, self.count)
        elif self.kind == "pair":
            a, b = self.members
            first = float((size[:, a] > size[:, b]).mean())
            share = max(first, 1.0 - first)
        elif self.kind == "sign":
            positive = float((draws[:, self.members[0]] > 0.0).mean())
            share = max(positive, 1.0 - positive)
        else:
            before = shares_before(-size)
            ordered = int((before >= probability).sum())
            k = draws.shape[1]
            return float(ordered), ordered == k * (k - 1) // 2
        return share, share >= probability

    def weights(self, draws: Array) -> Array:
        """Return what an error in the main effects costs the goal, as a quadratic form.

        Parameters
        ----------
        draws : ndarray of float64, shape (d, k)
            Half effects.

        Returns
        -------
        ndarray of float64, shape (k, k)
            Omega = sum over pairs i < j of w_ij v_ij v_ij', with v_ij = s_i e_i - s_j e_j and s_i the sign of the mean
            of effect i. For ``"top"``, w_ij = p_ij (1 - p_ij) (a_i + a_j), with p_ij the probability of the order and
            a_i = q_i (1 - q_i), q_i that of being among the first; for ``"order"``, w_ij = p_ij (1 - p_ij); for
            ``"pair"``, 1 for the pair alone; for ``"sign"``, e_i e_i'.

        Notes
        -----
        An order or a membership that is certain weighs nothing. The form is this project's own.
        """
        k = draws.shape[1]
        if self.kind == "sign":
            omega = np.zeros((k, k))
            omega[self.members[0], self.members[0]] = 1.0
            return omega
        size = np.abs(draws)
        before = shares_before(-size)
        weight = before * before.T
        if self.kind == "top":
            ranks = np.argsort(np.argsort(-size, axis=1, kind="stable"), axis=1)
            top = (ranks < self.count).mean(axis=0)
            open_ = top * (1.0 - top)
            weight = weight * (open_[:, None] + open_[None, :])
        elif self.kind == "pair":
            weight = np.zeros((k, k))
            weight[self.members, self.members[::-1]] = 1.0
        sign = np.where(draws.mean(axis=0) < 0.0, -1.0, 1.0)
        # Sum over i < j of w_ij v_ij v_ij': the row sums on the diagonal, -w_ij s_i s_j beside it.
        return np.asarray(np.diag(weight.sum(axis=1)) - weight * np.outer(sign, sign), dtype=np.float64)


def parse_goal(text: str | None, names: Sequence[str]) -> Goal:
    """Read a goal.

    Parameters
    ----------
    text : str or None
        ``top-3``, ``top-1``, ``order``, ``pair:a,b`` or ``sign:a``; None for the first three, or for the first one
        where there are no more than three factors.
    names : sequence of str
        Of the k factors.

    Returns
    -------
    Goal
        The goal.

    Raises
    ------
    QimError
        If it is none of these (``FactorError`` if a factor is unknown; the remedy has the nearest name).
    """
    k = len(names)
    if k > MOST_FACTORS:
        raise QimError(f"{k} factors are more than {MOST_FACTORS}", where="--factors", remedy="name fewer")
    text = ("top-3" if k > 3 else "top-1") if text is None else text
    if k == 1 and not text.startswith("sign:"):
        raise QimError("one factor alone has no rank", where=_WHERE, remedy=f"give sign:{names[0]}")
    if found := _TOP.fullmatch(text):
        count = int(found[1])
        if not 1 <= count < k:
            raise QimError(
                f"there is no question which {count} of {k} factors come first",
                where=_WHERE,
                remedy="give top-1" + (f" up to top-{k - 1}" if k > 2 else ""),
            )
        return Goal("top", text, count)
    if text == "order":
        return Goal("order", text)
    kind, colon, rest = text.partition(":")
    if kind not in ("pair", "sign") or not colon:
        raise QimError(f"{text!r} is not a goal", where=_WHERE, remedy=_EXAMPLE)
    wanted = _split(rest)
    for name in wanted:
        if name not in names:
            raise FactorError(f"unknown factor {name!r}", where=_WHERE, remedy=nearest(name, names))
    if kind == "sign" and len(wanted) == 1:
        return Goal("sign", text, members=(list(names).index(wanted[0]),))
    if kind == "pair" and len(set(wanted)) == len(wanted) == 2:
        return Goal("pair", text, members=tuple(list(names).index(name) for name in wanted))
    number = "one factor" if kind == "sign" else "two different factors"
    raise QimError(f"{text!r} must name {number}", where=_WHERE, remedy=_EXAMPLE)


def _split(text: str) -> list[str]:
    """Split names at commas; one that holds a comma is written in double quotes."""
    if "\n" in text or "\r" in text:
        return [text]
    return next(csv.reader([text], skipinitialspace=True), [])


def _likeliest_set(size: Array, count: int) -> float:
    """Return the share of the most frequent set of the ``count`` largest in a row."""
    k = size.shape[1]
    first = np.argpartition(-size, count - 1, axis=1)[:, :count]
    codes = (np.int64(1) << np.arange(k, dtype=np.int64))[first].sum(axis=1)
    return float(np.unique(codes, return_counts=True)[1].max() / len(size))
