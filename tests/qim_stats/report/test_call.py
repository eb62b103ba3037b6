"""The printed call repeats the analysis, whatever its options."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.report.call import reproduce_view

Study = Callable[..., pd.DataFrame]
FACTORS = (
    qs.Factor("a 'b'", 1, 2),
    qs.Factor("filler", "xavier", "gaussian"),
    qs.Factor("rate", 0.001, 0.1, "log", "1/s"),
    qs.Factor("d", False, True),
)
OPTIONS: list[dict[str, Any]] = [
    {},
    {"error": "pure", "adjust": "max-t", "anova": "III", "confidence": 0.9, "seed": 7},
    {"units": "log", "transform": "logit", "robust": "hc3"},
    {"formula": "accuracy ~ rate * filler", "aliased": "drop"},
    {"response": ["accuracy", "loss"], "direction": "minimize", "weights": "w"},
    {"box_meyer": qs.BoxMeyerOptions(max_factors=2, p=0.3), "block": "day"},
    {"diverged_as": 0.1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "+".join(options) or "defaults")
def test_call_repeats_the_analysis(
    options: dict[str, Any], study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = study(qs.replicate(qs.full_factorial(FACTORS), 2)).drop(columns="replicate")
    rng = np.random.default_rng(9)
    table["loss"], table["w"] = rng.normal(size=len(table)), rng.uniform(1.0, 2.0, len(table))
    table["day"] = np.where(np.arange(len(table)) < len(table) // 2, "mon", "tue")
    if "diverged_as" in options:
        table["state"] = "done"
        table.loc[3, ["state", "accuracy"]] = ["diverged", None]
    monkeypatch.chdir(tmp_path)
    table.to_csv("trials.csv", index=False)
    given = {"response": "accuracy", "direction": "maximize", "factors": FACTORS, **options}
    before = qs.analyze("trials.csv", **given)
    names: dict[str, Any] = {}
    exec(reproduce_view(before, None)["call"].unescape(), names)  # noqa: S102  the library's own words
    assert names["analysis"].to_dict() == before.to_dict()


def test_defaults_are_not_spelled_out(study: Study) -> None:
    table = study(qs.full_factorial(FACTORS))
    analysis = qs.analyze(table, response="accuracy", direction="maximize", factors=FACTORS)
    call = reproduce_view(analysis, None)["call"].unescape()
    assert [line.split("=")[0].strip() for line in call.splitlines()[4:-1]] == ["response", "direction", "factors"]
