"""Confidence over several looks at a growing study."""

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.design import plackett_burman
from qim_stats.errors import QimError, TrialsError
from qim_stats.factors import Factor
from qim_stats.looks import look_confidence, looks_of
from qim_stats.many import analyze_many
from qim_stats.trials import read_trials

STUDIES = 2_000


def test_one_look_costs_nothing_and_more_share_the_error() -> None:
    assert look_confidence(0.95, 1) == pytest.approx(0.95)
    assert 1 - look_confidence(0.95, 4) == pytest.approx(0.05 / 4)
    with pytest.raises(QimError, match="0 looks"):
        look_confidence(0.95, 0)
    with pytest.raises(QimError, match="not between 0 and 1"):
        look_confidence(1.0, 2)


def test_the_count_of_stages_is_read_and_checked() -> None:
    assert looks_of({}) == 1
    assert looks_of({"stages": 3}) == 3
    for bad in (0, "2", True, 1.5):
        with pytest.raises(TrialsError, match="stages"):
            looks_of({"stages": bad})


def claimed(confidence: float) -> np.ndarray:
    """Whether each of many null studies claims any factor at each of three looks: 12 runs, their foldover, again."""
    factors = [Factor(f"x{i}", -1, 1) for i in range(4)]
    base = plackett_burman(factors, runs=12, seed=1).coded[[f.name for f in factors]]
    noise = np.random.Generator(np.random.PCG64([7, 1])).normal(size=(STUDIES, 36))
    found = []
    stages = [base.assign(block=1), (-base).assign(block=2), base.assign(block=3)]
    for look in (1, 2, 3):
        table = pd.concat(stages[:look], ignore_index=True)
        table["y"] = noise[0, : len(table)]
        trials = read_trials(table, response="y", direction="maximize", factors=[f.name for f in factors])
        many = analyze_many(trials, noise[:, : len(table)], confidence=confidence)
        found.append(many.significant.any(axis=1))
    return np.array(found)


def test_three_looks_keep_the_family_wise_error_that_one_look_has() -> None:
    margin = 2 * np.sqrt(0.05 * 0.95 / STUDIES)
    stands = claimed(look_confidence(0.95, 3)).any(axis=0).mean()
    assert stands <= 0.05 + margin
    # Each look at the whole confidence claims too often, or the test could not fail.
    assert claimed(0.95).any(axis=0).mean() > 0.05 + margin


def test_a_later_look_is_judged_more_strictly() -> None:
    names = ["a", "b", "c", "d"]
    design = plackett_burman([Factor(name, -1, 1) for name in names], seed=0)
    table = design.coded.drop(columns=["order"])
    rng = np.random.default_rng(2)
    table["y"] = table["a"] + rng.standard_normal(len(table))
    once, thrice = (qs.analyze(table, response="y", direction="maximize", looks=looks) for looks in (1, 3))
    assert thrice.method["claim_confidence"] == pytest.approx(1 - 0.05 / 3)
    assert 0.05 / 3 < once.ranking()["p_adjusted"].iloc[0] < 0.05
    assert thrice.tidy().equals(once.tidy())
    assert once.verdict.significant == ("a",)
    assert thrice.verdict.significant == ()
    assert "several_looks" in {alert.code for alert in thrice.alerts}
