from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from qim_stats.design import center_points, definitive_screening, foldover, replicate
from qim_stats.design.definitive import conference, known_conference_orders
from qim_stats.errors import DesignError
from qim_stats.factors import Factor


def factors(k: int) -> list[Factor]:
    return [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]


@pytest.mark.parametrize("m", known_conference_orders())
def test_conference_matrices(m: int) -> None:
    c = conference(m)
    assert (c.T @ c == (m - 1) * np.eye(m, dtype=int)).all()
    assert (np.abs(c) == 1 - np.eye(m, dtype=int)).all()


def test_orders_that_cannot_be_are_not_claimed() -> None:
    # Belevitch: for m = 2 modulo 4, m - 1 must be a sum of two squares.
    sums = {a * a + b * b for a in range(10) for b in range(10)}
    assert all(m - 1 in sums for m in known_conference_orders() if m % 4 == 2)
    with pytest.raises(ValueError, match="22"):
        conference(22)


@pytest.mark.parametrize("k", [2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 21])
def test_main_effects_are_orthogonal_and_clear_of_interactions_and_squares(k: int) -> None:
    design = definitive_screening(factors(k))
    x = design.coded[[*design.names, *design.dummies]].to_numpy()
    gram = x.T @ x
    assert (gram == np.diag(np.diag(gram))).all()
    products = np.array([x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i + 1)]).T
    assert not (x.T @ products).any()
    assert not x.sum(axis=0).any()


def test_six_factors_take_thirteen_runs_as_published() -> None:
    # Jones and Nachtsheim (2011), table 1: 2k + 1 runs, each factor three times in the middle.
    design = definitive_screening(factors(6))
    assert (design.n, design.base_runs, design.dummies, design.center_points) == (13, 13, (), 1)
    assert ((design.coded[design.names] == 0).sum() == 3).all()


def test_an_odd_number_of_factors_has_a_fake_one_and_more_runs_have_more() -> None:
    assert definitive_screening(factors(5)).dummies == ("e1",)
    assert definitive_screening(factors(5), 17).dummies == ("e1", "e2", "e3")


def test_any_three_factors_can_be_seen_with_their_curves() -> None:
    # Jones and Nachtsheim (2011): the full quadratic model of any three factors is estimable with six or more factors.
    x = definitive_screening(factors(6)).coded.iloc[:, 4:].to_numpy()
    for three in combinations(range(6), 3):
        z = x[:, three]
        model = [np.ones(13), *z.T, *(z**2).T, *(z[:, i] * z[:, j] for i, j in combinations(range(3), 2))]
        assert np.linalg.matrix_rank(np.array(model)) == 10


def test_the_levels_in_the_middle() -> None:
    design = definitive_screening([Factor("lr", 0.001, 0.1, "log"), Factor("filters", 8, 24), Factor("odd", 1, 4)])
    natural = design.natural()
    assert set(natural["lr"]) == {0.001, 0.01, 0.1}
    assert set(natural["filters"]) == {8, 16, 24}
    assert set(natural["odd"]) == {1, 2.5, 4}
    assert [text for text in design.warnings if "not a whole number" in text and "odd (1, 2.5, 4)" in text]


def test_center_points_join_the_center_run() -> None:
    design = center_points(definitive_screening(factors(6)), 2)
    assert design.coded.loc[design.at_center, "run"].tolist() == [13, 13, 13]
    assert sorted(design.coded.loc[design.at_center, "replicate"]) == [1, 2, 3]
    assert (design.base_runs, design.replicates) == (13, 1)
    assert replicate(definitive_screening(factors(6)), 2).n == 26


def test_mistakes() -> None:
    with pytest.raises(DesignError, match=r"kind: definitive screening needs levels halfway .* 'act' and 'mirror'"):
        definitive_screening([*factors(3), Factor("act", "a", "b"), Factor("mirror", False, True)])
    with pytest.raises(DesignError, match="take 13 or 17"):
        definitive_screening(factors(5), 15)
    with pytest.raises(DesignError, match="two or more"):
        definitive_screening(factors(1))
    with pytest.raises(DesignError, match="drop 2"):
        definitive_screening(factors(100))
    with pytest.raises(DesignError, match="pairs of reversed runs"):
        foldover(definitive_screening(factors(4)))
