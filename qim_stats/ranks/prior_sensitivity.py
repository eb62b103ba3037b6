"""How far the alias-aware ranks depend on their prior: the same trials judged under other ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.ranks.evidence import TOPS, AliasAwareLayer, alias_aware_layer
from qim_stats.screening.walsh_mixture import WalshDesign
from qim_stats.screening.walsh_prior import WalshPrior
from qim_stats.screening.walsh_sets import Progress

Array = npt.NDArray[np.float64]
OTHER_PRIORS = {
    "response as given": WalshPrior(curved=False),
    "few active factors": WalshPrior(p_active=0.2, inactive=0.1),
    "more noise": WalshPrior(p_lam=()),
    "strong interactions": WalshPrior(rho=(0.5, 1.0, 2.0), eta=(0.5, 0.9)),
}
MOVED = 0.2
"""By so much the lead of one factor over another must move to count: near-ties swap leaders at a touch."""


@dataclass(frozen=True)
class AliasAwareStudy:
    """Trials with their alias-aware layer, ready to be judged under other priors.

    Parameters
    ----------
    design : WalshDesign
        The trials.
    y : ndarray of float64, shape (n,)
        The response.
    factors : tuple of str
        The k factors, in the order of the design's columns.
    layer : AliasAwareLayer
        Under the standard prior.
    confidence, seed
        It was made with.
    """

    design: WalshDesign
    y: Array = field(repr=False)
    factors: tuple[str, ...]
    layer: AliasAwareLayer = field(repr=False)
    confidence: float
    seed: int
    _found: dict[str, AliasAwareLayer] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def others(self) -> dict[str, WalshPrior]:
        """The other priors, by name; where no scale is tried anyway, the response as given is none."""
        return {name: prior for name, prior in OTHER_PRIORS.items() if prior.curved or self.design.bends}

    def under(self, name: str, progress: Progress | None = None) -> AliasAwareLayer:
        """Return the layer under another prior, made when it is first asked for.

        Parameters
        ----------
        name : str
            Of ``others``.
        progress : callable, optional
            Called with the steps done and their number.

        Returns
        -------
        AliasAwareLayer
            Without ``p_sign``.
        """
        if name not in self._found:
            design, unsigned = self.design.under(OTHER_PRIORS[name]), np.zeros(len(self.factors))
            found = alias_aware_layer(
                design, self.y, unsigned, confidence=self.confidence, seed=self.seed, progress=progress
            )
            if isinstance(found, str):  # the response does not vary, and then there was no layer to begin with
                raise ValueError(found)
            self._found[name] = found
        return self._found[name]


@dataclass(frozen=True)
class UnderPrior:
    """The answers under one other prior.

    Parameters
    ----------
    name : str
        Of the prior.
    prior : WalshPrior
        The prior.
    factors : DataFrame, shape (k, 4)
        A row per factor, by rank: ``factor, p_top, rank_low, rank_high`` of the alias-aware layer.
    first : str
        The factor likeliest to have the largest effect.
    first_differs : bool
        Whether that is another one than under the standard prior, its lead over that one having moved by ``MOVED`` or
        more.
    orders_lost : DataFrame, shape (orders, 3)
        Claimed orders that would not be: ``factor, other, p_larger``.
    """

    name: str
    prior: WalshPrior
    factors: pd.DataFrame
    first: str
    first_differs: bool
    orders_lost: pd.DataFrame

    @property
    def p_first(self) -> dict[str, float]:
        """Probability of each factor to have the largest effect."""
        return _p_first(self.factors)

    @property
    def differs(self) -> bool:
        """Whether an answer is another one."""
        return self.first_differs or bool(len(self.orders_lost))


@dataclass(frozen=True)
class RankSensitivity:
    """The answers under each of the other priors.

    Parameters
    ----------
    first : str
        The factor likeliest to have the largest effect under the standard prior.
    p_first : float
        With which probability.
    claimed : int
        How many orders are claimed.
    priors : tuple of UnderPrior
        The others.
    """

    first: str
    p_first: float
    claimed: int
    priors: tuple[UnderPrior, ...]

    @property
    def differing(self) -> tuple[UnderPrior, ...]:
        """The priors under which an answer is another one."""
        return tuple(under for under in self.priors if under.differs)


def rank_sensitivity(study: AliasAwareStudy, order: list[str], pairs: pd.DataFrame) -> RankSensitivity:
    """Judge the trials under every other prior.

    Parameters
    ----------
    study : AliasAwareStudy
        The trials.
    order : list of str
        The k factors by rank.
    pairs : DataFrame
        As of ``Ranking``; rows that are ``ordered`` are claims.

    Returns
    -------
    RankSensitivity
        A claim is lost where its probability falls below the confidence.
    """
    here = _p_first(_table(study, study.layer, order))
    first = max(order, key=here.__getitem__)
    claims = pairs.loc[pairs["ordered"], ["factor", "other"]]
    return RankSensitivity(
        first=first,
        p_first=here[first],
        claimed=len(claims),
        priors=tuple(_under(study, name, order, here, claims) for name in study.others),
    )


def _under(
    study: AliasAwareStudy, name: str, order: list[str], here: dict[str, float], claims: pd.DataFrame
) -> UnderPrior:
    layer = study.under(name)
    table = _table(study, layer, order)
    there, known = _p_first(table), max(order, key=here.__getitem__)
    first = max(order, key=there.__getitem__)
    moved = (here[known] - here[first]) + (there[first] - there[known])
    at = {factor: i for i, factor in enumerate(study.factors)}
    p_larger = [float(layer.p_larger[at[a], at[b]]) for a, b in zip(claims["factor"], claims["other"], strict=True)]
    orders = claims.assign(p_larger=np.array(p_larger, dtype=np.float64))
    return UnderPrior(
        name=name,
        prior=study.others[name],
        factors=table,
        first=first,
        first_differs=first != known and moved >= MOVED,
        orders_lost=orders[orders["p_larger"] < study.confidence].reset_index(drop=True),
    )


def _table(study: AliasAwareStudy, layer: AliasAwareLayer, order: list[str]) -> pd.DataFrame:
    rows = [study.factors.index(factor) for factor in order]
    return pd.DataFrame(
        {
            "factor": order,
            "p_top": pd.Series([{str(top): float(layer.p_top[top][i]) for top in TOPS} for i in rows], dtype=object),
            "rank_low": layer.bounds.low[rows],
            "rank_high": layer.bounds.high[rows],
        }
    )


def _p_first(table: pd.DataFrame) -> dict[str, float]:
    return {factor: p_top["1"] for factor, p_top in zip(table["factor"], table["p_top"], strict=True)}
