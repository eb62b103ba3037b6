"""Logistic regression with Firth's penalty, whose estimates are finite however cleanly a factor splits the failures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.distributions import chi2_upper

Array = npt.NDArray[np.float64]
_SCORE = 1e-9  # of the gradient, in standard errors
_NEARLY = 1e-4  # where rounding or a flat top ends the climb sooner; heights are then right to its square
_FLAT = 1e-7  # curvature, as a share of the largest
_STEPS = 100
_PROFILED = 1024  # distinct rows; beyond, Wald's tests and limits do, and profiles take too long
_LONGEST = 5.0  # of a coefficient, in a step
_FARTHEST = 40.0  # beyond it a limit is called infinite: odds of 1 to 10^17


@dataclass(frozen=True)
class FirthFit:
    """A penalized logistic regression of p coefficients.

    Parameters
    ----------
    coefficients : ndarray of float64, shape (p,)
        Log odds, for a change of one in a column.
    std_errors : ndarray of float64, shape (p,)
        Roots of the diagonal of the inverse Fisher information at the estimate.
    p_values : ndarray of float64, shape (p,)
        Of the penalized likelihood ratio tests that a coefficient is 0; Wald's tests for more than 1024 distinct rows
        of the model matrix.
    conf_low, conf_high : ndarray of float64, shape (p,)
        Limits of the profile of the penalized likelihood, infinite where it never falls far enough, NaN where they
        were not found; Wald's limits for more than 1024 distinct rows.
    log_likelihood : float
        The penalized log-likelihood at the estimate.
    """

    coefficients: Array
    std_errors: Array
    p_values: Array
    conf_low: Array
    conf_high: Array
    log_likelihood: float


@dataclass(frozen=True)
class _Point:
    """Where a maximization stands.

    Coefficients, the penalized log-likelihood there, its gradient, the Fisher information, and minus its Hessian.
    """

    beta: Array
    height: float
    score: Array
    information: Array
    curvature: Array


@dataclass(frozen=True)
class _Counts:
    """Distinct rows of the model matrix, how many trials have each, and how many of these failed."""

    x: Array
    trials: Array
    failed: Array


def fit_firth(x: Array, failed: npt.NDArray[np.bool_], *, confidence: float = 0.95) -> FirthFit | str:
    """Fit a logistic regression by penalized maximum likelihood.

    Parameters
    ----------
    x : ndarray of float64, shape (n, p)
        The model matrix, a column of ones included.
    failed : ndarray of bool, shape (n,)
        Which trials failed.
    confidence : float
        Of the profile limits.

    Returns
    -------
    FirthFit or str
        Or why there is none: the columns are linearly dependent, or the maximum was not found.

    Notes
    -----
    Firth (1993), Biometrika 80, 27-38: maximizes l(b) + log det I(b) / 2, I the Fisher information, whose gradient is
    X'(y - pi + h (1/2 - pi)), h the diagonal of the hat matrix. Tests and limits from the profile of this penalized
    likelihood: Heinze and Schemper (2002), Statistics in Medicine 21, 2409-2419; the penalty keeps its full information
    matrix when a coefficient is fixed.
    """
    if np.linalg.matrix_rank(x) < x.shape[1]:
        return "the factors cannot be told apart in these trials"
    rows, inverse, trials = np.unique(x, axis=0, return_inverse=True, return_counts=True)
    counts = _Counts(rows, trials.astype(np.float64), np.zeros(len(rows)))
    np.add.at(counts.failed, inverse.ravel(), failed)
    p = x.shape[1]
    best = _maximize(counts, np.zeros(p), np.ones(p, dtype=np.bool_))
    if best is None:
        return "the maximum of the penalized likelihood was not found"
    errors = np.sqrt(np.diag(np.linalg.inv(best.information)))
    drop = _half_quantile(confidence)
    if len(rows) > _PROFILED:
        reach = np.sqrt(2.0 * drop) * errors
        tests = np.array([chi2_upper(float(z * z), 1.0) for z in best.beta / errors])
        return FirthFit(best.beta, errors, tests, best.beta - reach, best.beta + reach, best.height)
    p_values, low, high = np.full(p, np.nan), np.full(p, np.nan), np.full(p, np.nan)
    for j in range(p):
        without = _fixed(counts, best, j, 0.0)
        if without is not None:
            p_values[j] = chi2_upper(max(0.0, 2.0 * (best.height - without.height)), 1.0)
        low[j] = _limit(counts, best, j, drop, -errors[j])
        high[j] = _limit(counts, best, j, drop, errors[j])
    return FirthFit(best.beta, errors, p_values, low, high, best.height)


def _half_quantile(confidence: float) -> float:
    """Return half the quantile of chi² with one degree of freedom."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2.0) ** 2 / 2.0)


def _at(counts: _Counts, beta: Array) -> _Point | None:
    """Evaluate the penalized likelihood; None where the information is singular to rounding."""
    eta = counts.x @ beta
    pi = 1.0 / (1.0 + np.exp(-np.clip(eta, -700.0, 700.0)))
    weights = counts.trials * pi * (1.0 - pi)
    information = (counts.x * weights[:, None]).T @ counts.x
    try:
        root = np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    scaled = np.linalg.solve(root, counts.x.T)
    hat = weights * (scaled * scaled).sum(axis=0)
    score = counts.x.T @ (counts.failed - counts.trials * pi + hat * (0.5 - pi))
    likelihood = counts.failed @ eta - counts.trials @ np.logaddexp(0.0, eta)
    curvature = information
    if len(counts.x) <= _PROFILED:
        curvature = _curvature(counts.x, weights, pi, scaled.T @ scaled)
    return _Point(beta, float(likelihood + np.log(np.diag(root)).sum()), score, information, curvature)


def _curvature(x: Array, weights: Array, pi: Array, v: Array) -> Array:
    """Return minus the Hessian: of the likelihood, X'WX, and of the penalty, from the derivative of h (1/2 - pi)."""
    skew = weights * (1.0 - 2.0 * pi)
    hat = weights * np.diag(v)
    d_hat = (np.diag(v) * skew)[:, None] * x - weights[:, None] * ((v * v) @ (skew[:, None] * x))
    d_pi = (pi * (1.0 - pi))[:, None] * x
    penalty = x.T @ (d_hat * (0.5 - pi)[:, None] - hat[:, None] * d_pi)
    curvature = (x * weights[:, None]).T @ x - penalty
    return np.asarray((curvature + curvature.T) / 2.0, dtype=np.float64)


def _maximize(counts: _Counts, start: Array, free: npt.NDArray[np.bool_]) -> _Point | None:
    """Climb by Newton's steps in the free coefficients, halving steps that lead down."""
    here = _at(counts, start)
    if here is None or not free.any():
        return here
    for _ in range(_STEPS):
        values, vectors = np.linalg.eigh(here.curvature[np.ix_(free, free)])
        step = np.zeros(len(start))
        if _steepness(here, free) < _SCORE:
            if values[0] >= -_FLAT * values[-1]:
                return here
            # A saddle: with one coefficient held, the penalized likelihood can have two tops. Leave it along the ridge.
            step[free] = vectors[:, 0]
            sides = [_climb(counts, here, sign * step) for sign in (1.0, -1.0)]
            here = max((side for side in sides if side is not None), key=lambda side: side.height, default=here)
            continue
        along = vectors.T @ here.score[free]
        step[free] = vectors @ (along / np.maximum(np.abs(values), _FLAT * values[-1]))
        step *= min(1.0, _LONGEST / float(np.abs(step).max()))
        there = _climb(counts, here, step)
        if there is None:
            break
        here = there
    # Rounding may hide the last of the rise.
    return here if _steepness(here, free) < _NEARLY else None


def _steepness(here: _Point, free: npt.NDArray[np.bool_]) -> float:
    return float((np.abs(here.score) / np.sqrt(np.diag(here.information)))[free].max())


def _climb(counts: _Counts, here: _Point, step: Array) -> _Point | None:
    for halving in range(30):
        there = _at(counts, here.beta + step / 2.0**halving)
        if there is not None and there.height >= here.height - 1e-13 * (1.0 + abs(here.height)):
            return there
    return None


def _fixed(counts: _Counts, start: _Point, j: int, value: float) -> _Point | None:
    """Maximize with one coefficient held, the others starting where they would move to along a parabola."""
    free = np.arange(len(start.beta)) != j
    moved = start.beta.copy()
    shift = value - moved[j]
    moved[j] = value
    flat = moved.copy()
    if free.any():
        moved[free] -= shift * np.linalg.solve(start.information[np.ix_(free, free)], start.information[free, j])
    return _maximize(counts, moved, free) or _maximize(counts, flat, free)


def _limit(counts: _Counts, best: _Point, j: int, drop: float, error: float) -> float:
    """Find where the profile has fallen by ``drop`` on the side of ``error``: Newton's steps, kept in a bracket."""
    inside, outside = float(best.beta[j]), np.inf * np.sign(error)
    value, here = inside + np.sqrt(2.0 * drop) * error, best
    for _ in range(_STEPS):
        if abs(value) > _FARTHEST:
            return float(np.sign(error) * np.inf)
        found = _fixed(counts, here, j, value)
        if found is None:
            return float("nan")
        here = found
        gap = here.height - (best.height - drop)
        if abs(gap) < 1e-11 * (1.0 + abs(best.height)):
            return float(value)
        inside, outside = (value, outside) if gap > 0.0 else (inside, value)
        slope = here.score[j]
        newton = value - gap / slope if slope * error < 0.0 else np.nan
        if np.isinf(outside):
            reach = value + 2.0 * error
            value = float(newton) if np.sign(error) * (reach - newton) > 0.0 else float(reach)
        elif min(inside, outside) < newton < max(inside, outside):
            value = float(newton)
        else:
            value = (inside + float(outside)) / 2.0
        if abs(outside - inside) < 1e-13 * (1.0 + abs(inside)):
            return float(value)
    return float("nan")
