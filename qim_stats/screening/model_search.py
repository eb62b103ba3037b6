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

from qim_stats.screening.heredity import Heredity, Models, heredity_models
from qim_stats.screening.model_space import ModelSpace, TermColumns, model_space

Array = npt.NDArray[np.float64]
KEPT = 10
CLOSE = 2.0
_EXACT = 1e-9  # residual share of the sum of squares below which the fit is called exact
_ROUNDING = 1e-12
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
    at_limit : bool
        Whether the best model is as large as allowed, so that a larger one may be better.
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
    at_limit: bool
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

    The best of very many models fits well whatever the data: in 100 simulated 12-run studies of 8 factors without any
    effect the best model was never the empty one. Whether the best stands out from that is another question, answered
    by ``search_p_value``.
    """
    space = model_space(x, y, names, heredity=heredity, max_terms=max_terms, blocks=blocks)
    if isinstance(space, str):
        return space
    every = heredity_models(len(names), space.max_terms, heredity)
    found = [(models, *space.products.fit(models)) for models in every]
    if min(float(rss.min()) for _, rss, _ in found) < _EXACT:
        return "some models fit the response exactly, which leaves no error to compare them by"
    return _summary(found, space, heredity)


def _summary(found: list[tuple[Models, Array, Array]], space: ModelSpace, heredity: Heredity) -> ModelSearch:
    data = space.data
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
        max_terms=space.max_terms,
        count=count - aliased,
        aliased=aliased,
        cut=space.cut,
        at_limit=len(best) == space.max_terms,
        models=table[["terms", "aicc", "delta", "weight", "r_squared", "sigma"]].head(KEPT),
        importance=pd.DataFrame([(data.terms[j], shares[j]) for j in order], columns=["term", "importance"]),
        effects=_effects(best, data),
        close=close,
        alternatives=_alternatives(table),
    )


def _best(found: list[tuple[Models, Array, Array]], data: TermColumns) -> tuple[tuple[int, ...], pd.DataFrame]:
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


def _effects(model: tuple[int, ...], data: TermColumns) -> pd.DataFrame:
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
