"""Levels in the middle: read where a design has put them, refused where someone misspelled one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from qim_stats.design import Design, center_points, definitive_screening, plackett_burman
from qim_stats.errors import FactorError, TrialsError
from qim_stats.factors import Factor
from qim_stats.trials.columns import code_column, resolve_columns
from qim_stats.trials.table import read_table

FACTORS = [Factor("lr", 0.001, 0.1, "log"), Factor("momentum", 0.5, 0.9), Factor("filters", 8, 24)]


def measured(design: Design) -> pd.DataFrame:
    return design.table("y").assign(y=lambda frame: frame["order"] * 0.1)


def coded(frame: pd.DataFrame, **settings: object) -> tuple[pd.DataFrame, tuple[str, ...]]:
    table = read_table(frame)
    wanted = settings.get("wanted")
    columns = resolve_columns(table, wanted=wanted, metadata=None, high={}, taken=("y", "block"))  # type: ignore[arg-type]
    rows = pd.RangeIndex(len(frame)).to_numpy()
    return pd.DataFrame({f.name: code_column(table, f, rows) for f in columns.factors}), columns.dummies


@pytest.mark.parametrize(
    "make", [lambda: center_points(plackett_burman(FACTORS), 3), lambda: definitive_screening(FACTORS)]
)
@pytest.mark.parametrize("wanted", [None, FACTORS, [f.name for f in FACTORS]])
def test_designs_with_a_middle_are_read_back(make: Callable[[], Design], wanted: object) -> None:
    design = make()
    found, dummies = coded(measured(design), wanted=wanted)
    in_order = design.coded.sort_values("order", ignore_index=True)
    assert (found == in_order[design.names]).all(axis=None)
    assert dummies == (design.dummies if wanted is None else ())


def test_the_middle_of_a_log_scale_is_found_from_its_levels() -> None:
    table = read_table(measured(definitive_screening(FACTORS)))
    columns = resolve_columns(table, wanted=None, metadata=None, high={}, taken=("y", "block"))
    assert [(f.name, f.scale) for f in columns.factors] == [(f.name, f.scale) for f in FACTORS]
    assert "centres_inferred" in [alert.code for alert in columns.alerts]


def test_a_single_level_in_the_middle_is_a_misspelled_one() -> None:
    frame = measured(plackett_burman(FACTORS))
    frame.loc[4, "momentum"] = 0.7
    with pytest.raises(TrialsError, match=r"row 5, column 'momentum'.*0\.7 of factor 'momentum' is neither"):
        coded(frame, wanted=FACTORS)


def test_a_column_of_three_levels_among_factors_of_two_is_left_out() -> None:
    frame = measured(plackett_burman(FACTORS)).assign(device=[1, 2, 3] * 4)
    found, _ = coded(frame)
    assert list(found) == [f.name for f in FACTORS]


def test_a_lone_column_of_three_levels_is_no_factor() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3] * 4, "act": ["x", "y"] * 6, "y": range(12)})
    assert list(coded(frame)[0]) == ["act"]
    with pytest.raises(FactorError, match="3 levels"):
        coded(frame, wanted=["a"])


def test_columns_that_are_coded_already() -> None:
    design = center_points(plackett_burman(FACTORS), 2)
    frame = design.coded.sort_values("order", ignore_index=True).assign(y=range(design.n))
    found, _ = coded(frame, wanted=FACTORS)
    assert (found == frame[design.names]).all(axis=None)


def test_a_file_of_a_definitive_design(tmp_path: Path) -> None:
    design = definitive_screening(FACTORS)
    path = tmp_path / "t.csv"
    measured(design).to_csv(path, index=False)
    table = read_table(path)
    columns = resolve_columns(table, wanted=None, metadata=None, high={}, taken=("y", "block"))
    assert [f.name for f in columns.factors] == design.names


@pytest.mark.parametrize(
    ("factor", "middle"),
    [
        (Factor("a", 16, 64, "log"), 32),
        (Factor("a", 8, 24), 16),
        (Factor("a", 1, 4), 2.5),
        (Factor("a", 0.001, 0.1, "log"), 0.01),
        (Factor("a", 0.9, 0.5), 0.7),
        (Factor("a", -1, 1), 0),
        (Factor("a", 1e-300, 1e300, "log"), 1.0),
        (Factor("a", -1e308, 1.5e308), 2.5e307),
    ],
)
def test_the_middle(factor: Factor, middle: float) -> None:
    assert factor.middle == middle
    assert isinstance(factor.middle, type(middle))
    assert factor.decode(0) == middle
    assert factor.code([factor.low, middle, factor.high]).tolist() == [-1.0, 0.0, 1.0]


def test_texts_have_no_middle() -> None:
    with pytest.raises(FactorError, match="no level halfway between 'a' and 'b'"):
        Factor("act", "a", "b").decode(0)
