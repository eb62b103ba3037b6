"""Box and Meyer's active factors and the models with interactions, and what is said of how far to trust them."""

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.report import render
from qim_stats.report.models import box_meyer_view, model_search_view
from qim_stats.screening.model_search_null import SearchTest

Study = Callable[..., pd.DataFrame]
Read = Callable[[str], SimpleNamespace]
REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture
def screen(study: Study, factors: tuple[qs.Factor, ...]) -> qs.Analysis:
    table = study(qs.plackett_burman(factors, runs=12, seed=3))
    return qs.analyze(table, response="accuracy", direction="maximize", factors=factors)


@pytest.fixture(scope="module")
def null_studies() -> ModuleType:
    spec = importlib.util.spec_from_file_location("box_meyer_null", REFERENCE / "box_meyer_null.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_share_of_noise_studies_is_the_recorded_one(screen: qs.Analysis, check: Read) -> None:
    recorded = json.loads((REFERENCE / "box_meyer_null.json").read_text())
    said = re.search(
        r"some factor had more than 0\.5 in (\S+) % of ([\d,]+) simulated studies, more than 0\.9 in (\S+) %",
        re.sub(r"\s+", " ", check(render(screen)).text["box-meyer"]),
    )
    assert said is not None
    assert float(said[1]) == pytest.approx(100 * recorded["above_half"], abs=0.5)
    assert int(said[2].replace(",", "")) == recorded["studies"]
    assert float(said[3]) == pytest.approx(100 * recorded["above_nine_tenths"], abs=0.05)


def test_recorded_shares_are_made_again(null_studies: ModuleType) -> None:
    recorded = json.loads((REFERENCE / "box_meyer_null.json").read_text())
    few = null_studies.shares(400, seed=1)
    for key in ("above_half", "above_nine_tenths"):
        error = np.sqrt(recorded[key] * (1.0 - recorded[key]) / few["studies"])
        assert abs(few[key] - recorded[key]) < 4.0 * error


def test_posteriors_and_best_models_are_those_of_the_evidence(screen: qs.Analysis) -> None:
    found, view = screen.box_meyer(), box_meyer_view(screen)
    assert found is not None
    assert [row["factors"] for row in view["models"]] == [", ".join(f) or "no factor" for f in found.models["factors"]]
    assert float(view["models"][0]["sigma"]) == pytest.approx(np.sqrt(found.models["sigma2"].iloc[0]), rel=0.01)
    models = screen.evidence.models
    assert not isinstance(models, str)
    best = model_search_view(screen)["models"]
    assert [row["terms"] for row in best] == [", ".join(terms) or "no term" for terms in models.models["terms"]]
    assert best[0]["delta"] == "0.00"


@pytest.mark.parametrize(("p", "stands_out"), [(0.005, True), (0.05, False), (0.5, False)])
def test_best_model_stands_out_below_one_minus_confidence(
    screen: qs.Analysis, p: float, stands_out: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qim_stats.evidence.search_p_value", lambda *_, **__: SearchTest(p, 199))
    assert model_search_view(screen)["stands_out"] == stands_out


def test_what_cannot_be_weighed_is_told(check: Read) -> None:
    table = pd.DataFrame({"a": [0, 1, 0, 1], "b": [0, 0, 1, 1], "c": [1, 0, 0, 1], "y": [1.0, 2.0, 4.0, 3.5]})
    analysis = qs.analyze(table, response="y", direction="maximize")
    assert isinstance(analysis.evidence.models, str)
    page = check(render(analysis))
    assert f"No models are compared: {analysis.evidence.models}." in page.text["models"]
    assert "Burnham" not in page.text["methods"]
