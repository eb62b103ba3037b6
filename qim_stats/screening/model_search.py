"""All models of main effects and two-factor interactions that respect heredity, compared by AICc.

Where effects are aliased, several models explain the same data: the search names them side by side instead of
choosing one. AICc and its weights: Burnham, K. P. and Anderson, D. R. (2002), Model Selection and Multimodel Inference,
2nd ed., sections 2.4 and 2.9; heredity: Hamada and Wu (1992), see ``heredity``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import QimError
from qim_stats.factors import nearest
from qim_stats.screening.heredity import (
    HEREDITIES,
    Heredity,
    Models,
    count_heredity_models,
    heredity_models,
    two_factor_interactions,
)

Array = npt.NDArray[np.float64]

MAX_TERMS = 6
MAX_MODELS = 1_500_000
KEPT = 10
CLOSE = 2.0
_EXACT = 1e-9  # residual share of the sum of squares below which the fit is called exact
_RIDGE = 1e-13  # keeps the factorization of aliased terms going; they are left out afterwards
_ROUNDING = 1e-12
_ALIASED = 1e-6  # share of a column that the model's other columns leave of it: below, they are aliased
_TIE = 8  # decimals of AICc beyond which two models differ by rounding alone
_FINALISTS = 500  # models fitted anew by QR, to order the best of them to full precision


@dataclass(frozen=True)
class ModelSearch:
    """The models compared, the best of them, and what each term is worth over all.

    Parameters
    ----------
    heredity : {"strong", "weak", "none"}
        The rule for interactions.
    max_terms : int
        The most terms in a model, beside the mean and the blocks.
    count : int
        Models compared.
    aliased : int
        Models left out because their terms cannot be told apart in these runs.
    cut : str or None
        Why ``max_terms`` is less than was asked for, or than is usual.
    models : DataFrame, shape (at most 10, 6)
        The best: ``terms`` (a tuple), ``aicc``, ``delta`` (AICc above the best), ``weight``, ``r_squared`` and
        ``sigma`` (of a trial, in the response's unit); ``r_squared`` counts the blocks as explained. Models as good as
        each other stand in the order of their size, then names.
    importance : DataFrame, shape (k (k + 1) / 2, 2)
        ``term, importance``: the sum of the weights of the models that hold it; the largest first.
    effects : DataFrame, shape (terms of the best, 4)
        ``term, estimate, effect, std_error`` in the best model: coded coefficient, twice that, and the standard error
        of the effect, which does not know that the model was chosen by the data.
    close : int
        How many models have delta <= 2, the best included: what could explain the same data.
    alternatives : DataFrame, shape (at most 10, 4)
        Those of them that follow the best: ``delta, weight, without, with``, the last two being the terms of the best
        that the model lacks and those that it has instead.
    """

    heredity: Heredity
    max_terms: int
    count: int
    aliased: int
    cut: str | None
    models: pd.DataFrame = field(repr=False)
    importance: pd.DataFrame = field(repr=False)
    effects: pd.DataFrame = field(repr=False)
    close: int
    alternatives: pd.DataFrame = field(repr=False)


def search_models(
    x: Array,
    y: Array,
    names: Sequence[str],
    *,
    heredity: Heredity = "weak",
    max_terms: int | None = None,
    blocks: Array | None = None,
) -> ModelSearch | str:
    """Compare all models of main effects and two-factor interactions that respect heredity.

    Parameters
    ----------
    x : ndarray of float64, shape (n, k)
        Levels of the factors, coded -1/0/+1.
    y : ndarray of float64, shape (n,)
        The response.
    names : sequence of str
        Of the k factors.
    heredity : {"strong", "weak", "none"}
        Whether an interaction asks for the main effects of both its factors, of one, or of none.
    max_terms : int, optional
        The most terms in a model; by default n/2 - 1 and at most 6.
    blocks : ndarray of float64, shape (n, b), optional
        Block columns, in every model.

    Returns
    -------
    ModelSearch or str
        The reason, as a clause, when the response is constant, there are too few runs, or a model fits exactly.

    Raises
    ------
    QimError
        If there is no such heredity or ``max_terms`` is less than 1.

    Notes
    -----
    AICc = n log(RSS / n) + 2 K + 2 K (K + 1) / (n - K - 1), K counting the mean, the block columns, the terms and
    sigma; weights are exp(-delta / 2) over their sum (Burnham and Anderson 2002, eq. 2.4 and section 2.9.1).
    """
    _check(heredity, max_terms)
    data = _Data.of(x, y, names, blocks)
    base = data.basis.shape[1]
    y_left = data.rest(y)
    total = float(y_left @ y_left)
    if total <= (1e-13 * np.abs(y).max()) ** 2 * len(y):
        return "the response is constant" + ("" if blocks is None or not blocks.shape[1] else " within blocks")
    usable = len(y) - base - 3
    if usable < 1:
        return f"{len(y)} runs are too few to compare models by AICc (at least {base + 4})"
    most, cut = _largest_size(len(names), len(y), usable, heredity, max_terms)
    space = _Space.of(data.rest(data.columns), y_left, base)
    found = [(models, *space.fit(models)) for models in heredity_models(len(names), most, heredity)]
    if min(float(rss.min()) for _, rss, _ in found) < _EXACT:
        return "some models fit the response exactly, which leaves no error to compare them by"
    return _summary(found, data, heredity=heredity, most=most, cut=cut)


@dataclass(frozen=True)
class _Space:
    """The inner products that every model's fit comes from: terms and response of unit length, free of the blocks."""

    gram: Array
    n: int
    base: int

    @classmethod
    def of(cls, columns: Array, y: Array, base: int) -> _Space:
        both = np.column_stack([columns, y])
        lengths = np.sqrt((both**2).sum(axis=0))
        # A column within the blocks has length zero up to rounding; left at zero it counts as aliased.
        both = np.where(lengths > 1e-9 * np.sqrt(len(y)), both / np.where(lengths > 0.0, lengths, 1.0), 0.0)
        both[:, -1] = y / np.sqrt(y @ y)
        return cls(both.T @ both, len(y), base)

    def fit(self, models: Models) -> tuple[Array, Array]:
        """Return RSS as a share of the response's sum of squares, and AICc up to a constant; inf where aliased."""
        count, terms = models.shape
        last = np.full((count, 1), len(self.gram) - 1, dtype=np.intp)
        taken = np.hstack([models, last])
        gram = self.gram[taken[:, :, None], taken[:, None, :]]
        diagonal = np.arange(terms + 1)
        gram[:, diagonal, diagonal] += _RIDGE
        pivots = np.linalg.cholesky(gram).diagonal(axis1=1, axis2=2) ** 2
        aliased = (pivots[:, :terms] < _ALIASED).any(axis=1)
        rss = np.where(aliased, np.inf, pivots[:, terms])
        parameters = self.base + terms + 1
        penalty = 2.0 * parameters + 2.0 * parameters * (parameters + 1) / (self.n - parameters - 1)
        return rss, np.where(aliased, np.inf, self.n * np.log(pivots[:, terms]) + penalty)


def _check(heredity: str, max_terms: int | None) -> None:
    if heredity not in HEREDITIES:
        raise QimError(f"there is no heredity {heredity!r}", remedy=nearest(heredity, HEREDITIES))
    if max_terms is not None and max_terms < 1:
        raise QimError(f"max_terms={max_terms} leaves no term in a model", remedy="give 1 or more")


@dataclass(frozen=True)
class _Data:
    """The columns of all terms, main effects first, their factors, the response, and what every model holds.

    ``basis`` is an orthonormal basis of the mean and the blocks, shape (n, rank).
    """

    columns: Array
    words: list[tuple[str, ...]]
    y: Array
    basis: Array

    @classmethod
    def of(cls, x: Array, y: Array, names: Sequence[str], blocks: Array | None) -> _Data:
        pairs = two_factor_interactions(len(names))
        columns = np.column_stack([x, *(x[:, i] * x[:, j] for i, j in pairs)])
        ones = np.ones((len(y), 1))
        base = ones if blocks is None else np.hstack([ones, blocks])
        left, values, _ = np.linalg.svd(base, full_matrices=False)
        basis = left[:, values > 1e-9 * values[0]]
        return cls(columns, [*((name,) for name in names), *((names[i], names[j]) for i, j in pairs)], y, basis)

    @property
    def terms(self) -> list[str]:
        return [":".join(word) for word in self.words]

    @property
    def n(self) -> int:
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


def _summary(
    found: list[tuple[Models, Array, Array]], data: _Data, *, heredity: Heredity, most: int, cut: str | None
) -> ModelSearch:
    lowest = min(float(aicc.min()) for _, _, aicc in found)
    importance = np.zeros(len(data.words))
    total, close, aliased, count = 0.0, 0, 0, 0
    for models, _, aicc in found:
        weights = np.exp((lowest - aicc) / 2.0)
        total += float(weights.sum())
        close += int((aicc <= lowest + CLOSE + 10.0**-_TIE).sum())
        aliased += int(np.isinf(aicc).sum())
        count += len(models)
        importance += np.bincount(models.ravel(), np.repeat(weights, models.shape[1]), minlength=len(data.words))
    best, table = _best(found, data)
    table["weight"] = np.exp(-table["delta"] / 2.0) / total
    shares = np.minimum(importance / total, 1.0).tolist()
    order = sorted(range(len(shares)), key=lambda j: (-round(shares[j], _TIE), len(data.words[j]), data.key((j,))))
    return ModelSearch(
        heredity=heredity,
        max_terms=most,
        count=count - aliased,
        aliased=aliased,
        cut=cut,
        models=table[["terms", "aicc", "delta", "weight", "r_squared", "sigma"]].head(KEPT),
        importance=pd.DataFrame([(data.terms[j], shares[j]) for j in order], columns=["term", "importance"]),
        effects=_effects(best, data),
        close=close,
        alternatives=_alternatives(table),
    )


def _best(found: list[tuple[Models, Array, Array]], data: _Data) -> tuple[tuple[int, ...], pd.DataFrame]:
    """Return the best model and a table of one more than is shown; ties do not depend on the order of the factors.

    AICc from the normal equations is exact to a few digits less than a fit by QR, so the finalists are fitted anew.
    """
    every = np.concatenate([aicc for _, _, aicc in found])
    kept = min(KEPT + 1, int(np.isfinite(every).sum()))
    limit = np.partition(every, kept - 1)[kept - 1] + 1e-4
    finalists = []
    for models, _, aicc in found:
        for i in np.flatnonzero(aicc <= limit):
            model = tuple(int(j) for j in models[i])
            finalists.append((round(float(aicc[i]), 4), len(model), data.key(model), model))
    rows = []
    for _, size, key, model in sorted(finalists)[:_FINALISTS]:
        _, _, rss, rank = data.fit(model)
        value = _aicc(rss, data.n, rank + 1)
        rows.append((round(value, _TIE), size, key, model, value, rss, rank))
    rows.sort()
    rows = rows[:kept]
    total = float(((data.y - data.y.mean()) ** 2).sum())
    explained = [1.0 - row[5] / total for row in rows]
    terms = data.terms
    table = pd.DataFrame(
        {
            "terms": [tuple(terms[j] for j in row[3]) for row in rows],
            "aicc": [row[4] for row in rows],
            "delta": [max(row[4] - rows[0][4], 0.0) for row in rows],
            "r_squared": [share if share > _ROUNDING else 0.0 for share in explained],
            "sigma": [(row[5] / (data.n - row[6])) ** 0.5 for row in rows],
        }
    )
    return rows[0][3], table


def _aicc(rss: float, n: int, parameters: int) -> float:
    return float(n * np.log(rss / n)) + 2.0 * parameters + 2.0 * parameters * (parameters + 1) / (n - parameters - 1)


def _effects(model: tuple[int, ...], data: _Data) -> pd.DataFrame:
    estimates, unscaled, rss, rank = data.fit(model)
    sigma = np.sqrt(rss / (data.n - rank))
    return pd.DataFrame(
        {
            "term": [data.terms[j] for j in model],
            "estimate": estimates,
            "effect": 2.0 * estimates,
            "std_error": 2.0 * sigma * unscaled,
        }
    )


def _alternatives(table: pd.DataFrame) -> pd.DataFrame:
    """Return the models within reach of the best as what they leave out of it and take instead."""
    first = table["terms"].iloc[0]
    near = table.iloc[1:][table["delta"].iloc[1:] <= CLOSE + 10.0**-_TIE]
    return pd.DataFrame(
        {
            "delta": near["delta"].to_numpy(),
            "weight": near["weight"].to_numpy(),
            "without": [tuple(t for t in first if t not in terms) for terms in near["terms"]],
            "with": [tuple(t for t in terms if t not in first) for terms in near["terms"]],
        }
    )
