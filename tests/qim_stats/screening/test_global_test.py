"""The global test: R's overall F, and the simulated largest ratio of a pseudo standard error."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.screening.omnibus import GlobalTest, global_test

REFERENCE = Path(__file__).parents[2] / "reference"


def test_with_residual_error_it_is_the_overall_f_of_lm() -> None:
    # glance's F is checked against R in tests/qim_stats/model/test_reference.py.
    found = qs.analyze(REFERENCE / "etch.csv", response="y", direction="maximize", formula="y ~ gap * flow * power")
    row = found.glance().iloc[0]
    test = global_test(found.fit, found.error)
    assert isinstance(test, GlobalTest)
    assert test.statistic == pytest.approx(row["f_statistic"])
    assert test.p_value == pytest.approx(row["f_p_value"])
    assert test.method == "F on 7 and 8 degrees of freedom"


def test_with_a_pseudo_standard_error_it_is_the_largest_ratio() -> None:
    found = qs.analyze(REFERENCE / "filtration.csv", response="y", direction="maximize", formula="y ~ A * B * C * D")
    pseudo = found.lenth()
    assert pseudo is not None
    test = global_test(found.fit, found.error)
    assert isinstance(test, GlobalTest)
    assert test.statistic == pytest.approx(pseudo.effects["t_ratio"].abs().max())
    assert test.p_value == pytest.approx(pseudo.effects["p_simultaneous"].min())


def test_without_an_error_estimate_there_is_none() -> None:
    frame = pd.DataFrame({"a": [-1, 1, -1, 1], "b": [-1, -1, 1, 1], "y": [1.0, 2.0, 3.0, 5.0]})
    found = qs.analyze(frame, response="y", direction="maximize", formula="y ~ a * b")
    assert global_test(found.fit, found.error) == "there is no error estimate"
