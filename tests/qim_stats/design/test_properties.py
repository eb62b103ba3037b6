from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from qim_stats.design import (
    center_points,
    definitive_screening,
    foldover,
    fractional_factorial,
    full_factorial,
    in_blocks,
    plackett_burman,
    properties,
    replicate,
)
from qim_stats.factors import Factor


def factors(k: int) -> list[Factor]:
    return [Factor("abcdefghijklmnopq"[i], -1, 1) for i in range(k)]


def test_the_sixteen_run_design_of_seven_factors_as_published() -> None:
    # R: summary(FrF2(16, 7), brief = TRUE) (package FrF2, generators.summary.test): E=ABC F=ABD G=ACD;
    # AB=CE=DF AC=BE=DG AD=BF=CG AE=BC=FG AF=BD=EG AG=CD=EF BG=CF=DE.
    found = properties(fractional_factorial(factors(7)))
    assert found.resolution == "IV"
    assert {"a:b:c:e", "a:b:d:f", "a:c:d:g"} <= set(found.defining_words)
    assert found.word_length_pattern == (0, 7, 0, 0, 0)
    chains = {frozenset(chain.replace(":", "").split(" + ")) for chain in found.alias_chains}
    published = "ab=ce=df ac=be=dg ad=bf=cg ae=bc=fg af=bd=eg ag=cd=ef bg=cf=de"
    assert chains == {frozenset(chain.split("=")) for chain in published.split()}


def test_twelve_runs() -> None:
    # Deng and Tang (1999): the generalized resolution of the 12-run design is 3 + (1 - 4 / 12).
    found = properties(plackett_burman(factors(11), 12))
    assert found.resolution == "III* (partial aliases)"
    assert found.generalized_resolution == pytest.approx(3 + 2 / 3)
    assert found.largest_alias == pytest.approx(1 / 3)
    assert (found.df_error, found.df_pure_error, found.interactions_estimable) == (0, 0, False)
    assert found.d_efficiency == pytest.approx(100)
    assert found.a_efficiency == pytest.approx(100)


def test_a_foldover_has_one_more() -> None:
    found = properties(foldover(plackett_burman(factors(11), 12)))
    assert found.resolution == "IV* (partial aliases)"
    assert found.generalized_resolution == pytest.approx(4 + 2 / 3)
    assert found.largest_alias == 0.0


def test_a_full_factorial() -> None:
    found = properties(in_blocks(replicate(full_factorial(factors(4)), 2), 2))
    assert (found.resolution, found.interactions_estimable) == ("full factorial", True)
    assert found.df_error == 32 - 4 - 2
    assert found.df_pure_error == 0


def test_efficiency_by_definition() -> None:
    design = center_points(definitive_screening(factors(6)), 3)
    x = np.column_stack([np.ones(design.n), design.coded[design.names]])
    information = x.T @ x
    found = properties(design)
    assert found.d_efficiency == pytest.approx(100 * np.linalg.det(information) ** (1 / 7) / 16)
    assert found.a_efficiency == pytest.approx(100 * 7 / (16 * np.trace(np.linalg.inv(information))))
    assert found.df_pure_error == 3
    assert found.generalized_resolution is None


def test_signs_of_aliases() -> None:
    # The eight runs of 2^(4-1) with I = -abcd: the half that the table does not give.
    design = fractional_factorial(factors(4))
    flipped = design.coded.assign(d=-design.coded["d"])
    found = properties(replace(design, coded=flipped))
    assert found.defining_words == ("-a:b:c:d",)
    assert found.alias_chains == ("a:b - c:d", "a:c - b:d", "a:d - b:c")


def test_all_are_plain_values() -> None:
    for design in (plackett_burman(factors(5)), fractional_factorial(factors(17)), definitive_screening(factors(5))):
        json.dumps(properties(design).to_dict(), allow_nan=False)
