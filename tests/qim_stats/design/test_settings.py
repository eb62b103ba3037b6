from __future__ import annotations

import json
import re

import pytest

from qim_stats.design import DesignSettings, build_design, design_metadata, metadata_text
from qim_stats.errors import DesignError
from qim_stats.factors import Factor

FACTORS = [Factor("lr", 0.001, 0.1, "log", "1/step"), Factor("b", "x", "y"), Factor("c", False, True)]


def test_default_is_plackett_burman() -> None:
    design = build_design(DesignSettings(), FACTORS, seed=2)
    assert (design.kind, design.n, design.seed) == ("plackett-burman", 12, 2)


def test_everything_at_once() -> None:
    design = build_design(DesignSettings(runs=20, foldover=True, replicates=3), FACTORS)
    assert (design.n, design.base_runs, design.folded, design.replicates) == (120, 20, True, 3)


@pytest.mark.parametrize("runs", [None, 8])
def test_full_factorial(runs: int | None) -> None:
    assert build_design(DesignSettings("full-factorial", runs), FACTORS).n == 8


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (DesignSettings("full-factorial", 12), "runs: a full factorial of 3 factors has 8 runs, not 12"),
        (DesignSettings("plackett-burmann"), "kind: .* did you mean 'plackett-burman'"),
        (DesignSettings(replicates=0), "replicates: "),
        (DesignSettings(replicates=10**8), "replicates: .* 1200000000 trials; take at most 8333"),
        (DesignSettings(runs=3), "runs: 3 runs are too few for 3 factors"),
    ],
)
def test_errors_name_the_setting(settings: DesignSettings, words: str) -> None:
    with pytest.raises(DesignError) as error:
        build_design(settings, FACTORS)
    assert re.search(words, str(error.value))


def test_what_is_added_comes_in_its_order() -> None:
    factors = [Factor(name, 1, 3) for name in "abcd"]
    settings = DesignSettings(runs=20, replicates=2, blocks=2, center_points=2, columns="best", order="drift-proof")
    design = build_design(settings, factors, seed=3)
    assert (design.n, design.blocks, design.center_points, design.run_order) == (42, 2, 2, "drift-proof")
    told = design_metadata(design)["design"]
    assert told["center_points"] == 2
    assert told["blocks"] == 2
    assert told["runs"] == 20
    assert told["confounded_with_blocks"] == ["Each block holds every run: no effect is confounded with blocks."]
    assert (told["columns"], told["order"]) == ("best", "drift-proof")


def test_a_definitive_design_says_only_the_center_points_that_were_added() -> None:
    factors = [Factor(name, 1, 3) for name in "abcd"]
    plain = design_metadata(build_design(DesignSettings("definitive"), factors))["design"]
    assert plain["runs"] == 9
    assert "center_points" not in plain
    more = design_metadata(build_design(DesignSettings("definitive", replicates=2, center_points=3), factors))["design"]
    assert (more["center_points"], more["runs"], more["replicates"]) == (3, 9, 2)


def test_metadata_say_what_the_table_cannot() -> None:
    design = build_design(DesignSettings(runs=8, foldover=True, replicates=2), FACTORS, seed=9)
    metadata = design_metadata(
        design, study="s", response="acc", direction="maximize", targets={"lr": "solver.base_lr"}, provenance={"a": "b"}
    )
    assert json.loads(metadata_text(metadata)) == {
        "schema": 1,
        "study": "s",
        "response": "acc",
        "direction": "maximize",
        "seed": 9,
        "design": {
            "kind": "plackett-burman",
            "runs": 8,
            "foldover": True,
            "replicates": 2,
            "dummies": ["e1", "e2", "e3", "e4"],
        },
        "factors": [
            {"name": "lr", "low": 0.001, "high": 0.1, "scale": "log", "unit": "1/step", "target": "solver.base_lr"},
            {"name": "b", "low": "x", "high": "y", "scale": "linear", "unit": None, "target": None},
            {"name": "c", "low": False, "high": True, "scale": "linear", "unit": None, "target": None},
        ],
        "provenance": {"a": "b"},
    }
