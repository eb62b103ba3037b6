"""Box and Meyer's posterior probabilities: which factors are active, all interactions among them allowed for.

Box, G. E. P. and Meyer, R. D. (1993), Finding the active factors in fractionated screening experiments, Journal of
Quality Technology 25, 94-105. Every set of up to ``max_factors`` factors is weighed by how well their main effects and
interactions together explain the response; a factor's probability is the sum over the sets that hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.screening.box_meyer_evidence import SizeClass, evidence
from qim_stats.screening.box_meyer_options import BoxMeyerOptions

Array = npt.NDArray[np.float64]
KEPT = 10
_CONSTANT = 1e-13  # a response whose deviations are below this share of its size is rounding error
_TIE = 9  # decimals of a log posterior beyond which two models differ by rounding alone


@dataclass(frozen=True)
class BoxMeyer:
    """Posterior probabilities of factors and models.

    Parameters
    ----------
    p, g : float
        The priors, as in ``BoxMeyerOptions``.
    max_factors, max_order : int
        The largest models.
    none : float
        Posterior probability that no factor is active.
    factors : DataFrame, shape (k, 2)
        ``factor, posterior``, in the given order.
    models : DataFrame, shape (at most ``keep``, 3)
        The most probable models: ``factors`` (a tuple of names), ``posterior`` and ``sigma2``, the variance of a trial
        in the response's squared unit. Models as probable as each other stand in the order of their size, then names.
    count : int
        How many models were weighed.
    """

    p: float
    g: float
    max_factors: int
    max_order: int
    none: float
    factors: pd.DataFrame = field(repr=False)
    models: pd.DataFrame = field(repr=False)
    count: int


@dataclass(frozen=True)
class FactorPosteriors:
    """Posterior probabilities under one prior.

    Parameters
    ----------
    none : float
        That no factor is active.
    factors : ndarray of float64, shape (k,)
        That each factor is.
    models : list of ndarray of float64
        Of each model, in the classes' order.
    log_marginal : float
        Log of the evidence averaged over the models, up to a constant that depends on neither p nor g.
    """

    none: float
    factors: Array
    models: list[Array]
    log_marginal: float


def box_meyer(
    x: Array,
    y: Array,
    names: Sequence[str],
    options: BoxMeyerOptions | None = None,
    *,
    blocks: Array | None = None,
    keep: int = KEPT,
) -> BoxMeyer | str:
    """Weigh every set of up to ``max_factors`` active factors.

    Parameters
    ----------
    x : ndarray of float64, shape (n, k)
        Levels of the factors, coded -1/0/+1; the runs may be replicated, and the design need not be orthogonal.
    y : ndarray of float64, shape (n,)
        The response.
    names : sequence of str
        Of the k factors.
    options : BoxMeyerOptions, optional
        Models and priors.
    blocks : ndarray of float64, shape (n, b), optional
        Block columns, in every model with the prior of an active effect; see ``block_columns``.
    keep : int
        How many of the most probable models to return.

    Returns
    -------
    BoxMeyer or str
        The reason, as a clause, when the response is constant.

    Raises
    ------
    QimError
        If there are fewer factors than ``max_factors``, or too many models (see ``BoxMeyerOptions.for_factors``).

    Notes
    -----
    With f active factors the prior of a model is p^f (1 - p)^(k - f), and its posterior is proportional to that times
    the evidence (see ``box_meyer_evidence``).
    """
    options = BoxMeyerOptions() if options is None else options
    max_factors, max_order = options.for_factors(len(names))
    if is_constant(y):
        return "the response is constant"
    columns = np.empty((len(y), 0)) if blocks is None else blocks
    classes = evidence(x, y, columns, max_factors=max_factors, max_order=max_order, gs=(options.g,))
    found = posteriors(classes, len(names), options.p)
    return BoxMeyer(
        p=options.p,
        g=options.g,
        max_factors=max_factors,
        max_order=max_order,
        none=found.none,
        factors=pd.DataFrame({"factor": list(names), "posterior": found.factors}),
        models=_best(classes, found.models, list(names), keep),
        count=sum(len(c.members) for c in classes),
    )


def is_constant(y: Array) -> bool:
    """Whether a response holds nothing but rounding error beside its mean."""
    return bool(np.abs(y - y.mean()).max() <= _CONSTANT * np.abs(y).max())


def block_columns(labels: Sequence[object]) -> Array:
    """Return columns that stand for the blocks.

    Parameters
    ----------
    labels : sequence
        The block of each of n trials.

    Returns
    -------
    ndarray of float64, shape (n, b - 1)
        For two blocks one column of -1/+1. For more, contrasts that are orthogonal over the blocks and of squared
        length 2: any two blocks then differ as much beforehand as the two levels of an active factor, whatever the
        order of the blocks.
    """
    places = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    b = len(places)
    contrasts = np.zeros((b, b - 1))
    for j in range(1, b):
        contrasts[:j, j - 1] = -1.0
        contrasts[j, j - 1] = j
        contrasts[:, j - 1] *= np.sqrt(2.0 / (j * (j + 1)))
    return np.asarray(contrasts[[places[label] for label in labels]], dtype=np.float64)


def posteriors(classes: list[SizeClass], k: int, p: float, at: int = 0) -> FactorPosteriors:
    """Turn evidences into posterior probabilities.

    Parameters
    ----------
    classes : list of SizeClass
        As of ``evidence``.
    k : int
        Number of factors.
    p : float
        Prior probability of a factor.
    at : int
        Which value of g.

    Returns
    -------
    FactorPosteriors
        Summed from logarithms, so that no evidence overflows or underflows.
    """
    odds = np.log(p) - np.log1p(-p)
    logs = [size * odds + c.log_evidence[at] for size, c in enumerate(classes)]
    largest = max(float(log.max()) for log in logs)
    weights = [np.exp(log - largest) for log in logs]
    total = sum(float(w.sum()) for w in weights)
    factors = np.zeros(k)
    for c, w in zip(classes[1:], weights[1:], strict=True):
        factors += np.bincount(c.members.ravel(), weights=np.repeat(w, c.members.shape[1]), minlength=k)
    prior = sum(np.exp(size * odds) * len(c.members) for size, c in enumerate(classes))
    return FactorPosteriors(
        none=float(weights[0][0] / total),
        factors=np.minimum(factors / total, 1.0),
        models=[w / total for w in weights],
        log_marginal=largest + float(np.log(total) - np.log(prior)),
    )


def _best(classes: list[SizeClass], probabilities: list[Array], names: list[str], keep: int) -> pd.DataFrame:
    """Return the most probable models; ties are ordered by what does not depend on the order of the factors."""
    flat = np.concatenate(probabilities)
    kept = min(keep, len(flat))
    lowest = np.partition(flat, -kept)[-kept]
    rows = []
    for c, posterior in zip(classes, probabilities, strict=True):
        for i in np.flatnonzero(posterior >= lowest * (1.0 - 10.0**-_TIE)):
            model = tuple(names[j] for j in c.members[i])
            rows.append((model, float(posterior[i]), float(c.sigma2[0, i])))
    rows.sort(key=lambda row: (-round(float(np.log(row[1])), _TIE) if row[1] else np.inf, len(row[0]), sorted(row[0])))
    return pd.DataFrame(rows[:kept], columns=["factors", "posterior", "sigma2"])
