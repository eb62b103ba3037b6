"""The models that a search compares: the columns of their terms, their inner products, and how large they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.errors import QimError
from qim_stats.factors import nearest
from qim_stats.screening.heredity import (
    HEREDITIES,
    Heredity,
    Models,
    count_heredity_models,
    two_factor_interactions,
)

Array = npt.NDArray[np.float64]
MAX_TERMS = 6
MAX_MODELS = 1_500_000
ALIASED = 1e-6  # share of a column that the model's other columns leave of it: below, they are aliased
RIDGE = 1e-13  # keeps the factorization of aliased terms going; they are left out afterwards


@dataclass(frozen=True)
class ModelSpace:
    """What a search goes through.

    Parameters
    ----------
    data : TermColumns
        Terms and response.
    products : InnerProducts
        For fitting many models.
    max_terms : int
        The most terms in a model.
    cut : str or None
        Why that is less than was asked for, or than is usual.
    """

    data: TermColumns
    products: InnerProducts
    max_terms: int
    cut: str | None


def model_space(
    x: Array,
    y: Array,
    names: Sequence[str],
    *,
    heredity: Heredity,
    max_terms: int | None,
    blocks: Array | None,
) -> ModelSpace | str:
    """Prepare a search; the parameters, the reasons and the errors are those of ``search_models``."""
    _check(heredity, max_terms)
    data = TermColumns.of(x, y, names, blocks)
    base = data.basis.shape[1]
    left = data.rest(y)
    if float(left @ left) <= (1e-13 * np.abs(y).max()) ** 2 * len(y):
        return "the response is constant" + ("" if blocks is None or not blocks.shape[1] else " within blocks")
    usable = len(y) - base - 3
    if usable < 1:
        return f"{len(y)} runs are too few to compare models by AICc (at least {base + 4})"
    most, cut = _largest_size(len(names), len(y), usable, heredity, max_terms)
    return ModelSpace(data, InnerProducts.of(data.rest(data.columns), left, base), most, cut)


@dataclass(frozen=True)
class TermColumns:
    """The terms, the response, and what every model holds.

    Parameters
    ----------
    columns : ndarray of float64, shape (n, terms)
        Main effects, then two-factor interactions.
    words : list of tuple of str
        The factors of each term.
    y : ndarray of float64, shape (n,)
        The response.
    basis : ndarray of float64, shape (n, rank)
        An orthonormal basis of the mean and the blocks.
    """

    columns: Array
    words: list[tuple[str, ...]]
    y: Array
    basis: Array

    @classmethod
    def of(cls, x: Array, y: Array, names: Sequence[str], blocks: Array | None) -> TermColumns:
        """Multiply the columns of the factors."""
        pairs = two_factor_interactions(len(names))
        columns = np.column_stack([x, *(x[:, i] * x[:, j] for i, j in pairs)])
        ones = np.ones((len(y), 1))
        base = ones if blocks is None else np.hstack([ones, blocks])
        left, values, _ = np.linalg.svd(base, full_matrices=False)
        basis = left[:, values > 1e-9 * values[0]]
        return cls(columns, [*((name,) for name in names), *((names[i], names[j]) for i, j in pairs)], y, basis)

    @property
    def terms(self) -> list[str]:
        """The terms as they are spelled, such as ``a:b``."""
        return [":".join(word) for word in self.words]

    @property
    def n(self) -> int:
        """Number of runs."""
        return len(self.y)

    def rest(self, columns: Array) -> Array:
        """Take the mean and the blocks out of columns; twice, as rounding errors are of the size of what went."""
        for _ in range(2):
            columns = columns - self.basis @ (self.basis.T @ columns)
        return columns

    def key(self, model: tuple[int, ...]) -> list[list[str]]:
        """Return what orders models of one size by the names of their factors alone."""
        return sorted(sorted(self.words[j]) for j in model)

    def fit(self, model: tuple[int, ...]) -> tuple[Array, Array, float, int]:
        """Fit a model by QR: coefficients and unscaled standard errors of its terms, RSS, and rank."""
        design = np.hstack([self.basis, self.columns[:, list(model)]])
        q, r = np.linalg.qr(design)
        coefficients = np.linalg.solve(r, q.T @ self.y)
        residuals = self.y - design @ coefficients
        unscaled = np.sqrt((np.linalg.inv(r) ** 2).sum(axis=1))
        rank = self.basis.shape[1]
        return coefficients[rank:], unscaled[rank:], float(residuals @ residuals), design.shape[1]


@dataclass(frozen=True)
class InnerProducts:
    """What every model's fit comes from: terms and response of unit length, free of the mean and the blocks.

    Parameters
    ----------
    columns : ndarray of float64, shape (n, terms + 1)
        The terms' columns, then the response.
    gram : ndarray of float64, shape (terms + 1, terms + 1)
        Their inner products.
    base : int
        Rank of the mean and the blocks.
    """

    columns: Array
    gram: Array
    base: int

    @classmethod
    def of(cls, columns: Array, y: Array, base: int) -> InnerProducts:
        """Take the inner products of columns that are free of the mean and the blocks."""
        both = np.column_stack([columns, y])
        lengths = np.sqrt((both**2).sum(axis=0))
        # A column within the blocks has length zero up to rounding; left at zero it counts as aliased.
        both = np.where(lengths > 1e-9 * np.sqrt(len(y)), both / np.where(lengths > 0.0, lengths, 1.0), 0.0)
        both[:, -1] = y / np.sqrt(y @ y)
        return cls(both, both.T @ both, base)

    def penalty(self, terms: int) -> float:
        """Return what AICc adds for a model of that many terms."""
        parameters = self.base + terms + 1
        return 2.0 * parameters + 2.0 * parameters * (parameters + 1) / (len(self.columns) - parameters - 1)

    def fit(self, models: Models) -> tuple[Array, Array]:
        """Fit models of one number of terms.

        Parameters
        ----------
        models : ndarray of int16, shape (models, terms)
            As of ``heredity_models``.

        Returns
        -------
        tuple of ndarray of float64, shape (models,)
            RSS as a share of the response's sum of squares, and AICc up to a constant that all models share; inf where
            the terms are aliased. One Cholesky factor of terms and response gives both.
        """
        count, terms = models.shape
        last = np.full((count, 1), len(self.gram) - 1, dtype=np.intp)
        taken = np.hstack([models, last])
        gram = self.gram[taken[:, :, None], taken[:, None, :]]
        diagonal = np.arange(terms + 1)
        gram[:, diagonal, diagonal] += RIDGE
        pivots = np.linalg.cholesky(gram).diagonal(axis1=1, axis2=2) ** 2
        aliased = (pivots[:, :terms] < ALIASED).any(axis=1)
        rss = np.where(aliased, np.inf, pivots[:, terms])
        aicc = len(self.columns) * np.log(pivots[:, terms]) + self.penalty(terms)
        return rss, np.where(aliased, np.inf, aicc)


def _check(heredity: str, max_terms: int | None) -> None:
    if heredity not in HEREDITIES:
        raise QimError(f"there is no heredity {heredity!r}", remedy=nearest(heredity, HEREDITIES))
    if max_terms is not None and max_terms < 1:
        raise QimError(f"max_terms={max_terms} leaves no term in a model", remedy="give 1 or more")


def _largest_size(k: int, n: int, usable: int, heredity: Heredity, max_terms: int | None) -> tuple[int, str | None]:
    """Return the most terms of a model that the runs and the time allow, and the words for what was cut."""
    wanted = min(MAX_TERMS, max(1, n // 2 - 1)) if max_terms is None else max_terms
    most, cut = wanted, None
    if most > usable:
        most = usable
        cut = f"models have up to {most} terms, not {wanted}: more leave too few runs for AICc"
    allowed = most
    while most > 1 and count_heredity_models(k, most, heredity) > MAX_MODELS:
        most -= 1
    if most < allowed:
        cut = f"models have up to {most} terms, not {wanted}: more make over {MAX_MODELS:,} models of {k} factors"
    return most, cut
