"""What further trials are to settle, as it is written and read, and how far a posterior has settled it."""

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
_EXAMPLE = "give top-3, top-1, order, 'a before b' or 'sign of a'"
_UNTIL = "write 'top-3 settled at 0.9', say"
_TOP = re.compile(r"top-(\d+)")
_BEFORE = re.compile(r"\s+before\s+")
_BEFORE_WORD = " before "
_SIGN_OF = "sign of "
_SETTLED = re.compile(r"\s*(?P<goal>.*\S)\s+settled\s+at\s+(?P<at>\S+)\s*")
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
            _, share = likeliest_set(size, self.count)
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


def parse_goal(text: str | None, names: Sequence[str], where: str = "--goal") -> Goal:
    """Read a goal.

    Parameters
    ----------
    text : str or None
        ``top-3``, ``top-1``, ``order``, ``a before b`` (or ``pair:a,b``) or ``sign of a`` (or ``sign:a``); None for the
        first three, or for the first one where there are no more than three factors. ``a before b`` asks which of the
        two comes first, whatever the answer. A name may stand in double quotes.
    names : sequence of str
        Of the k factors.
    where : str
        The option that it was given by, for messages.

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
    kind, wanted = _named(text, names, where)
    if k == 1 and kind != "sign":
        raise QimError("one factor alone has no rank", where=where, remedy=f"give sign:{names[0]}")
    if found := _TOP.fullmatch(text):
        count = int(found[1])
        if not 1 <= count < k:
            raise QimError(
                f"there is no question which {count} of {k} factors come first",
                where=where,
                remedy="give top-1" + (f" up to top-{k - 1}" if k > 2 else ""),
            )
        return Goal("top", text, count)
    if text == "order":
        return Goal("order", text)
    if kind is None:
        raise QimError(f"{text!r} is not a goal", where=where, remedy=_EXAMPLE)
    for name in wanted:
        if name not in names:
            raise FactorError(f"unknown factor {name!r}", where=where, remedy=nearest(name, names))
    if len(wanted) != (2 if kind == "pair" else 1) or len(set(wanted)) != len(wanted):
        number = "one factor" if kind == "sign" else "two different factors"
        raise QimError(f"{text!r} must name {number}", where=where, remedy=_EXAMPLE)
    return Goal(kind, text, members=tuple(list(names).index(name) for name in wanted))


def parse_until(text: str | None, names: Sequence[str], where: str = "--until") -> tuple[Goal, float | None]:
    """Read a goal with the probability from which it counts as settled, such as ``top-3 settled at 0.9``.

    Parameters
    ----------
    text : str or None
        A goal as of ``parse_goal``, and behind it ``settled at`` with a probability, or nothing.
    names : sequence of str
        Of the k factors.
    where : str
        The option that it was given by, for messages.

    Returns
    -------
    goal : Goal
        The goal.
    probability : float or None
        None where the text gives none.

    Raises
    ------
    QimError
        If it is no such text, or the probability is not between 0.5 and 1.
    """
    found = None if text is None else _SETTLED.fullmatch(text)
    if found is None:
        return parse_goal(text, names, where), None
    goal = parse_goal(found["goal"], names, where)
    try:
        probability = float(found["at"])
    except ValueError:
        raise QimError(f"{found['at']!r} is no probability", where=where, remedy=_UNTIL) from None
    check_probability(probability, where)
    return goal, probability


def check_probability(probability: float, where: str) -> None:
    """Refuse what is no probability from which a goal could count as settled.

    Raises
    ------
    QimError
        If it is not between 0.5 and 1.
    """
    if not 0.5 < probability < 1.0:
        raise QimError(f"{probability:g} is no probability between 0.5 and 1", where=where, remedy="give 0.9, for one")


def _named(text: str, names: Sequence[str], where: str) -> tuple[Literal["pair", "sign"] | None, list[str]]:
    """Return the kind of a goal that names factors, and the names; None for any other text."""
    parts = _BEFORE.split(text)
    # A name may hold the word: the split whose two sides are both names is meant, or the only one there is.
    sides = [(_BEFORE_WORD.join(parts[:i]), _BEFORE_WORD.join(parts[i:])) for i in range(1, len(parts))]
    pairs = [[_unquoted(a), _unquoted(b)] for a, b in sides]
    if known := [pair for pair in pairs if set(pair) <= set(names)]:
        return "pair", known[0]
    if text.startswith(_SIGN_OF):
        return "sign", [_unquoted(text.removeprefix(_SIGN_OF))]
    kind, colon, rest = text.partition(":")
    if colon and kind in ("pair", "sign"):
        return ("pair" if kind == "pair" else "sign"), _split(rest, where)
    return ("pair", pairs[0]) if pairs else (None, [])


def _unquoted(text: str) -> str:
    """Take a name out of its double quotes; one within is written twice."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


def _split(text: str, where: str) -> list[str]:
    """Split names at commas; one that holds a comma is written in double quotes."""
    if "\n" in text or "\r" in text:
        return [text]
    try:
        return next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error:
        raise QimError(f"{text!r} is no list of names", where=where, remedy=_EXAMPLE) from None


def likeliest_set(size: Array, count: int) -> tuple[npt.NDArray[np.intp], float]:
    """Find the set that is most often that of the largest.

    Parameters
    ----------
    size : ndarray of float64, shape (d, k)
        Sizes of the effects in each draw.
    count : int
        How many are in the set.

    Returns
    -------
    ndarray of intp, shape (count,)
        Its members, ascending.
    float
        The share of draws in which it is.
    """
    first = np.sort(np.argpartition(-size, count - 1, axis=1)[:, :count], axis=1)
    codes = (np.int64(1) << np.arange(size.shape[1], dtype=np.int64))[first].sum(axis=1)
    _, at, counts = np.unique(codes, return_index=True, return_counts=True)
    most = int(np.argmax(counts))
    return np.asarray(first[at[most]], dtype=np.intp), float(counts[most] / len(size))
