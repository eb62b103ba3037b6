"""The alias-aware answers under other priors, and what is said of those that change."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.ranks.prior_sensitivity import MOVED, OTHER_PRIORS
from qim_stats.screening.walsh_mixture import WalshDesign, WalshPosterior

Array = npt.NDArray[np.float64]
FACTORS = [qs.Factor(f"f{i}", -1, 1) for i in range(4)]
NAMES = [factor.name for factor in FACTORS]


def analysis(effects: list[float], pairs: float, noise: float, *, fold: bool, exponential: bool) -> qs.Analysis:
    design = qs.plackett_burman(FACTORS, runs=12, seed=0)
    x = design.coded[NAMES].to_numpy(dtype=np.float64)
    x = np.vstack([x, -x]) if fold else x
    y = x @ np.array(effects) + pairs * x[:, 0] * x[:, 1] + noise * np.random.default_rng(3).standard_normal(len(x))
    table = pd.DataFrame(x, columns=NAMES).assign(y=np.exp(y) if exponential else y)
    return qs.analyze(table, response="y", direction="maximize", factors=NAMES)


@pytest.fixture(scope="module")
def steep() -> qs.Analysis:
    """Exponential, so that with the response as given interactions and main effects cannot be told apart."""
    return analysis([0.4, 2.5, 0.5, 0.8], -1.2, 0.1, fold=False, exponential=True)


@pytest.fixture(scope="module")
def plain() -> qs.Analysis:
    return analysis([3.0, 1.0, 0.1, 0.0], 0.0, 0.1, fold=True, exponential=False)


def posterior(found: qs.Analysis, name: str) -> WalshPosterior:
    study = found.ranked.study
    assert study is not None
    made = WalshDesign(study.design.cells, OTHER_PRIORS[name]).posterior(study.y, study.seed)
    assert isinstance(made, WalshPosterior)
    return made


def test_every_other_prior_is_another_one(plain: qs.Analysis) -> None:
    sensitivity = plain.ranked.sensitivity
    assert sensitivity is not None
    assert [under.name for under in sensitivity.priors] == list(OTHER_PRIORS)
    for under in sensitivity.priors:
        direct = posterior(plain, under.name)
        for row in under.factors.to_dict("records"):
            at = NAMES.index(row["factor"])
            assert row["p_top"] == {"1": direct.p_top(1)[at], "3": direct.p_top(3)[at]}
            assert 1 <= row["rank_low"] <= row["rank_high"] <= 4
    assert len({str(under.factors.to_dict()) for under in sensitivity.priors}) == len(OTHER_PRIORS)


def test_answers_that_stay_are_not_told(plain: qs.Analysis) -> None:
    sensitivity = plain.ranked.sensitivity
    assert sensitivity is not None
    assert sensitivity.claimed >= 3
    assert not sensitivity.differing
    assert plain.all_alerts == plain.alerts


def test_another_first_factor_is_told(steep: qs.Analysis) -> None:
    sensitivity = steep.ranked.sensitivity
    assert sensitivity is not None
    under = sensitivity.priors[0]
    assert under.name == "response as given"
    assert under.first_differs
    assert not sensitivity.priors[1].first_differs  # few active factors
    assert (sensitivity.first, under.first) == ("f1", "f3")
    here = posterior(steep, under.name).p_top(1)
    assert here[3] > here[1]
    row = steep.ranks.set_index("factor")["p_top"]
    moved = row.loc["f1"]["1"] - row.loc["f3"]["1"] + here[3] - here[1]
    assert moved >= MOVED
    (alert,) = [a for a in steep.all_alerts if a.code == "prior_matters"]
    assert alert.severity == "warning"
    assert f'under "response as given" f3 is likelier to come first than f1, whose probability is {here[1]:.2f}' in (
        alert.message
    )
    assert not any(a.code == "prior_matters" for a in steep.alerts)  # what text output needs is not made slow by it


def test_lost_orders_are_claims_below_the_confidence() -> None:
    found = analysis([1.0, -1.97, -0.31, -1.18], -0.03, 0.15, fold=True, exponential=True)
    sensitivity = found.ranked.sensitivity
    assert sensitivity is not None
    claims = {(row.factor, row.other) for row in found.pairs().itertuples() if row.ordered}
    assert sensitivity.claimed == len(claims) > 0
    lost = 0
    for under in sensitivity.priors:
        p_larger = posterior(found, under.name).p_larger
        expected = {(a, b) for a, b in claims if p_larger[NAMES.index(a), NAMES.index(b)] < found.confidence}
        assert {(row.factor, row.other) for row in under.orders_lost.itertuples()} == expected
        lost += len(expected)
    assert lost > 0
    (alert,) = [a for a in found.all_alerts if a.code == "prior_matters"]
    assert "would not be claimed" in alert.message


def test_the_json_has_every_prior(steep: qs.Analysis) -> None:
    record = json.loads(json.dumps(steep.to_dict()))
    told = record["ranking_sensitivity"]
    assert [row["prior"] for row in told] == list(OTHER_PRIORS)
    sparse = told[1]
    assert (sparse["p_active"], sparse["inactive"], sparse["curved"]) == (0.2, 0.1, True)
    assert sum(row["p_top"]["1"] for row in sparse["factors"]) == pytest.approx(1.0)
    assert [row["factor"] for row in sparse["factors"]] == [row["factor"] for row in record["ranking"]]
    assert "prior_matters" in {alert["code"] for alert in record["alerts"]}


def test_priors_are_made_once_and_watched(steep: qs.Analysis) -> None:
    told: list[tuple[str, float]] = []
    fresh = analysis([0.4, 2.5, 0.5, 0.8], -1.2, 0.1, fold=False, exponential=True)
    fresh.ranked.gather(lambda what, share: told.append((what, share)))
    assert [what for what, _ in told] == ["ranks under other priors"] * len(told)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert fresh.ranked.sensitivity is fresh.ranked.sensitivity
    assert str(fresh.to_dict()["ranking_sensitivity"]) == str(steep.to_dict()["ranking_sensitivity"])


def test_without_a_scale_to_try_the_response_as_given_is_no_other_prior() -> None:
    design = qs.plackett_burman(FACTORS, runs=12, seed=0)
    table = design.coded[NAMES].astype(float)
    table = pd.concat([table, pd.DataFrame(np.zeros((3, 4)), columns=NAMES)], ignore_index=True)
    table["y"] = table["f0"] + 0.1 * np.random.default_rng(0).standard_normal(15)
    found = qs.analyze(table, response="y", direction="maximize", factors=FACTORS)
    sensitivity = found.ranked.sensitivity
    assert sensitivity is not None
    assert [under.name for under in sensitivity.priors] == list(OTHER_PRIORS)[1:]


def test_there_is_none_without_an_alias_aware_layer() -> None:
    table = qs.replicate(qs.full_factorial(FACTORS[:2]), 3).table()
    table["y"] = table["f0"] + np.random.default_rng(4).normal(size=12)
    found = qs.analyze(table, response="y", direction="maximize", factors=NAMES[:2])
    assert found.ranked.alias_reason
    record = found.to_dict()
    assert record["ranking_sensitivity"] is None
    assert record["ranking_scale"] is None
