"""The chance of a right top three: against responses simulated one by one, and its limits."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from qim_stats.design import foldover, full_factorial, plackett_burman, replicate
from qim_stats.errors import QimError
from qim_stats.factors import Factor
from qim_stats.power import Assumptions, top_probabilities
from qim_stats.power.options import coded_design

Named = Callable[[int], list[Factor]]


def test_it_counts_what_responses_simulated_one_by_one_would_give(named: Named) -> None:
    """The same model without any algebra: draw coefficients, make responses, take means, rank, compare."""
    told = Assumptions(active_share=0.5, typical=3.0, inert=0.3, heredity=0.5)
    x, names, _ = coded_design(plackett_burman(named(6)))
    rng = np.random.Generator(np.random.PCG64(3))
    right = np.zeros(2)
    studies = 4_000
    for _ in range(studies):
        size = np.full(6, 0.3)
        size[rng.choice(6, 3, replace=False)] = 1.0
        effects = 3.0 * size * rng.standard_normal(6)
        y = x @ effects / 2.0 + rng.standard_normal(12)
        for i, j in combinations(range(6), 2):
            y += x[:, i] * x[:, j] * 3.0 * 0.5 * size[i] * size[j] * rng.standard_normal() / 2.0
        seen = np.array([y[x[:, i] > 0].mean() - y[x[:, i] < 0].mean() for i in range(6)])
        order, truth = np.argsort(-np.abs(seen)), np.argsort(-np.abs(effects))
        right += [order[0] == truth[0], set(order[:3]) == set(truth[:3])]
    found = top_probabilities(x, names, assumptions=told, studies=20_000)
    assert [found.top1, found.top3] == pytest.approx(right / studies, abs=4.0 * np.sqrt(0.25 / 4_000 + 0.25 / 20_000))


def test_a_foldover_clears_what_replicates_cannot(named: Named) -> None:
    base = plackett_burman(named(8))
    told = Assumptions(typical=100.0)
    tops = {}
    for name, design in (("twice", replicate(base, 2)), ("folded", foldover(base)), ("full", full_factorial(named(8)))):
        x, names, blocks = coded_design(design)
        tops[name] = top_probabilities(x, names, blocks, told).top3 or 0.0
    # Hardly any noise: only aliasing is left, which a foldover and a full factorial do not have.
    assert tops["twice"] < 0.6
    assert min(tops["folded"], tops["full"]) > 0.95


def test_without_effects_the_top_is_a_matter_of_chance(named: Named) -> None:
    x, names, _ = coded_design(plackett_burman(named(8)))
    found = top_probabilities(x, names, assumptions=Assumptions(typical=1e-6), studies=20_000)
    assert found.top1 == pytest.approx(1 / 8, abs=4.0 * np.sqrt(0.11 / 20_000))
    assert found.top3 == pytest.approx(1 / 56, abs=4.0 * np.sqrt(0.0175 / 20_000))


def test_the_same_seed_gives_the_same_shares_whatever_the_rows_order(named: Named) -> None:
    x, names, _ = coded_design(plackett_burman(named(8)))
    assert top_probabilities(x, names, seed=5) == top_probabilities(x[::-1], [f"other {n}" for n in names], seed=5)
    assert top_probabilities(x, names, seed=5) != top_probabilities(x, names, seed=6)


def test_few_factors_have_no_top_three(named: Named) -> None:
    for k, known in ((1, (False, False)), (3, (True, False)), (4, (True, True))):
        x, names, _ = coded_design(full_factorial(named(k)))
        found = top_probabilities(x, names)
        assert (found.top1 is not None, found.top3 is not None) == known


def test_assumptions_out_of_range_are_refused() -> None:
    for wrong in ({"active_share": 1.5}, {"heredity": -0.1}, {"typical": float("nan")}):
        with pytest.raises(QimError, match=next(iter(wrong))):
            Assumptions(**wrong)
