"""The two layers of evidence behind a ranking: what the trials' noise leaves open, and what aliasing leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.model.error_estimate import ErrorEstimate
from qim_stats.model.fit import Fit
from qim_stats.model.formula import INTERCEPT
from qim_stats.ranks.bounds import RankBounds, closed_claims, either_way, joint_bounds, marginal_bounds
from qim_stats.ranks.intervals import EffectUncertainty, RankIntervals, rank_intervals, sampled_ranks
from qim_stats.screening.walsh_mixture import WalshDesign, shares_before, walsh_design
from qim_stats.screening.walsh_sets import Progress

Array = npt.NDArray[np.float64]
TOPS = (1, 3)


@dataclass(frozen=True)
class SamplingLayer:
    """What is known of the order if no interaction outside the model exists.

    Parameters
    ----------
    claims : RankIntervals
        Orders claimed, all together with the confidence.
    p_top : dict of int to ndarray, shape (k,), or None
        Probability of being among the first; None without an error estimate. NaN for factors that are not estimable.
    p_larger : ndarray, shape (k, k), or None
        Probability of each order.
    """

    claims: RankIntervals
    p_top: dict[int, Array] | None
    p_larger: Array | None

    @property
    def bounds(self) -> RankBounds:
        """Simultaneous rank intervals."""
        return RankBounds(self.claims.low, self.claims.high)


@dataclass(frozen=True)
class AliasAwareLayer:
    """What is known of the order if interactions have the distribution of ``screening.walsh_components``.

    Parameters
    ----------
    bounds, marginal : RankBounds
        Intervals that hold all ranks together, and each rank by itself, with the confidence.
    p_top : dict of int to ndarray, shape (k,)
        Probability of being among the first.
    p_larger : ndarray, shape (k, k)
        Probability of each order.
    p_sign, effect, sd : ndarray, shape (k,)
        Probability that the main effect has the sign of its estimate; posterior mean and standard deviation of the main
        effect (high minus low), in the response's unit.
    size : ndarray of float64, shape (k,)
        Posterior mean of the main effect's size, |high minus low|: what factors are ranked by.
    size_error : float
        The largest Monte Carlo standard error of a size.
    p_scale : dict of str to float
        Probability of each scale of the response that was tried.
    """

    bounds: RankBounds
    marginal: RankBounds
    p_top: dict[int, Array]
    p_larger: Array
    p_sign: Array
    effect: Array
    sd: Array
    size: Array
    size_error: float
    p_scale: dict[str, float]


def sampling_layer(
    fit: Fit,
    error: ErrorEstimate,
    factors: Sequence[str],
    effects: Array,
    steps: Array,
    *,
    confidence: float,
    seed: int,
) -> SamplingLayer:
    """Judge the order by the noise of trials alone.

    Parameters
    ----------
    fit, error
        The model and its error estimate.
    factors : sequence of str
        k factors.
    effects, steps : ndarray of float64, shape (k,)
        Main effects, NaN where the trials do not determine one, and what they are beside the coefficients.
    confidence, seed
        As of ``rank_intervals``.

    Returns
    -------
    SamplingLayer
        Without an error estimate nothing is claimed.
    """
    k = len(factors)
    larger = np.zeros((k, k), dtype=np.bool_)
    here = np.flatnonzero(~np.isnan(effects))
    if error.sigma is None or error.df is None or not len(here):
        return SamplingLayer(RankIntervals(larger, 0.0), None, None)
    at = [fit.model.names.index(factors[i]) for i in here.tolist()]
    known = EffectUncertainty(
        effects=effects[here],
        covariance=error.sigma**2 * np.outer(steps[here], steps[here]) * fit.unscaled[np.ix_(at, at)],
        df=error.df,
        scale=error.scale,
    )
    found = closed_claims(rank_intervals(known, confidence=confidence, seed=seed))
    larger[np.ix_(here, here)] = found.larger
    if len(here) < k:
        # A factor that is not estimable may come before any other, so nobody's probability of being on top is known.
        return SamplingLayer(RankIntervals(larger, found.critical), None, None)
    drawn = sampled_ranks(known, seed=seed)
    p_top = {top: np.asarray((drawn <= top).mean(axis=0), dtype=np.float64) for top in TOPS}
    return SamplingLayer(RankIntervals(larger, found.critical), p_top, shares_before(drawn))


def alias_aware_layer(
    design: WalshDesign, y: Array, estimates: Array, *, confidence: float, seed: int, progress: Progress | None = None
) -> AliasAwareLayer | str:
    """Judge the order with interactions of every order allowed for.

    Parameters
    ----------
    design : WalshDesign
        The trials.
    y : ndarray of float64, shape (n,)
        The response.
    estimates : ndarray of float64, shape (k,)
        Main effects as estimated, for their signs.
    confidence : float
        Of the intervals.
    seed : int
        Of the draws.
    progress : callable, optional
        Called with the steps done and their number.

    Returns
    -------
    AliasAwareLayer or str
        Or why there is none, as a clause.
    """
    posterior = design.posterior(y, seed, progress=progress)
    if isinstance(posterior, str):
        return posterior
    sizes = 2.0 * np.abs(posterior.draws)
    joint = partial(joint_bounds, confidence=confidence, weight=posterior.doubt)
    single = partial(marginal_bounds, level=confidence, weight=posterior.doubt)
    return AliasAwareLayer(
        bounds=either_way(joint, posterior.ranks, posterior.shared_ranks),
        marginal=either_way(single, posterior.ranks, posterior.shared_ranks),
        p_top={top: posterior.p_top(top) for top in TOPS},
        p_larger=posterior.p_larger,
        p_sign=posterior.p_sign(estimates),
        effect=2.0 * posterior.mean,
        sd=2.0 * posterior.sd,
        size=np.asarray(sizes.mean(axis=0), dtype=np.float64),
        size_error=float((sizes.std(axis=0) / np.sqrt(len(sizes))).max()),
        p_scale=posterior.p_scale,
    )


def design_of(fit: Fit, factors: Sequence[str], coded: Array) -> WalshDesign | str:
    """Prepare a model's trials for the alias-aware layer.

    Parameters
    ----------
    fit : Fit
        The model. Its interactions of the factors are covered by the prior; its other terms (blocks, covariates) are
        taken out.
    factors : sequence of str
        k factors.
    coded : ndarray of float64, shape (n, k)
        Their levels, -1/0/+1.

    Returns
    -------
    WalshDesign or str
        Or why there is none, as a clause.
    """
    own = set(factors)
    others = [t for t in fit.model.terms if t.name != INTERCEPT and not (t.coded and own.issuperset(t.variables))]
    columns = [c for term in others for c in range(term.start, term.stop)]
    return walsh_design(coded, fit.model.matrix[:, columns] if columns else None, fit.weights)


def coded_levels(fit: Fit, factors: Sequence[str], coded: pd.DataFrame | None) -> Array | str:
    """Return the factors' coded levels, shape (n, k), from the trials or else from the model matrix.

    Parameters
    ----------
    fit : Fit
        The model.
    factors : sequence of str
        k factors.
    coded : DataFrame, shape (n, at least k), optional
        Coded levels of the trials.

    Returns
    -------
    ndarray or str
        Or why they cannot be had, as a clause.
    """
    if coded is not None:
        return coded[list(factors)].to_numpy(dtype=np.float64)
    if any(name not in fit.model.names for name in factors):
        return "the model does not hold every factor"
    levels = fit.model.matrix[:, [fit.model.names.index(name) for name in factors]]
    if not np.isin(levels, (-1.0, 0.0, 1.0)).all():
        return "the model's factors are not coded"
    return np.asarray(levels, dtype=np.float64)
