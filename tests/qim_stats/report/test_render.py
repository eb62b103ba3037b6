"""What every report must be: complete, self-contained, small, the same each time, and true to the numbers."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.analysis import Analysis
from qim_stats.report import render

FATIGUE = Path(__file__).parents[2] / "reference" / "fatigue.csv"
Read = Callable[[str], SimpleNamespace]


def analyze(frame: pd.DataFrame, factors: tuple[qs.Factor, ...], response: str = "accuracy") -> Analysis:
    return qs.analyze(frame, response=response, direction="maximize", factors=factors)


@pytest.fixture(scope="module")
def screen(study: Callable[..., pd.DataFrame], factors: tuple[qs.Factor, ...]) -> Analysis:
    return analyze(study(qs.plackett_burman(factors, runs=12, seed=3)), factors)


@pytest.fixture(scope="module")
def fatigue() -> Analysis:
    return qs.analyze(FATIGUE, response="y", direction="maximize", factors=list("ABCDEFG"))


def test_report_is_complete_and_self_contained(fatigue: Analysis, check: Read) -> None:
    page = check(render(fatigue))
    assert page.text["verdict"].strip().startswith("No factor can be told from noise")
    assert "comparison" not in page.ids
    assert "None: all 12 trials gave a response." in page.text["set-aside"]
    # Estimate, SE, t and p of F from R: summary(lm(y ~ A + B + C + D + E + F + G)), as in tests/reference/lm.R
    row = re.sub(r"\s+", " ", page.text["effects"])
    assert "F 0.4576 0.1711 2.67 4 0.056 0.389 \N{MINUS SIGN}0.0176 to 0.9328 0.9152" in row


def test_same_analysis_gives_the_same_bytes(fatigue: Analysis) -> None:
    assert render(fatigue) == render(fatigue)


def test_fresh_process_gives_the_same_bytes(fatigue: Analysis) -> None:
    code = (
        "import sys, qim_stats as qs; from qim_stats.report import render; "
        f"a = qs.analyze({str(FATIGUE)!r}, response='y', direction='maximize', factors=list('ABCDEFG')); "
        "sys.stdout.buffer.write(render(a).encode())"
    )
    # The rest of the environment stays: it may choose the arithmetic kernels, on which last digits depend.
    other = {**os.environ, "PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"}
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=other)
    assert fresh.stderr == b""
    assert fresh.stdout == render(fatigue).encode()


def test_own_matplotlib_settings_are_not_used_and_not_changed(fatigue: Analysis) -> None:
    import matplotlib

    before = render(fatigue)
    with matplotlib.rc_context({"font.size": 31.0, "svg.fonttype": "path", "axes.grid": True}):
        assert render(fatigue) == before
        assert matplotlib.rcParams["font.size"] == 31.0


def test_title_notice_and_command_are_shown(fatigue: Analysis, check: Read) -> None:
    html = render(fatigue, title="A <b>title", notice="Recorded trials & no engine.", command="make 'study'")
    page = check(html)
    assert "A <b>title" in page.everything
    assert page.everything.index("Recorded trials & no engine.") < page.everything.index("12 usable trials")
    assert "make 'study'" in page.text["reproduce"]


def test_a_command_is_shown_to_the_letter_and_its_options_stay_whole(fatigue: Analysis, check: Read) -> None:
    command = "python -m qim_stats analyze '--x  <b>' --response y --report r.html"
    html = render(fatigue, command=command)
    assert command in check(html).text["command"]
    assert re.findall(r'<span class="option">([^<]*)</span>', html) == ["--response", "--report"]
    assert re.search(r"\.option \{[^}]*nowrap", html)


def test_embedded_data_are_the_data(screen: Analysis, read: Read, tmp_path: Path) -> None:
    page = read(render(screen))
    assert json.loads(page.text["analysis-json"]) == json.loads(json.dumps(screen.to_dict()))
    copy = tmp_path / "trials.csv"
    copy.write_text(page.text["trials-csv"].lstrip("\n"))
    again = qs.analyze(copy, response="accuracy", direction="maximize", factors=screen.trials.factors)
    assert again.to_dict()["terms"] == screen.to_dict()["terms"]


def test_printed_call_repeats_the_analysis(
    study: Callable[..., pd.DataFrame], read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factors = (qs.Factor("a 'b'", 1, 2), qs.Factor("filler", "xavier", "gaussian"), qs.Factor("c", -1, 1))
    table = study(qs.foldover(qs.plackett_burman(factors, runs=8)))
    monkeypatch.chdir(tmp_path)
    table.to_csv("trials.csv", index=False)
    before = analyze(table, factors)
    names: dict[str, Analysis] = {}
    exec(read(render(before)).text["call"], names)  # noqa: S102  the library's own words
    assert names["analysis"].to_dict()["terms"] == before.to_dict()["terms"]


def test_validation_is_compared(
    screen: Analysis, study: Callable[..., pd.DataFrame], factors: tuple[qs.Factor, ...], check: Read
) -> None:
    full = analyze(study(qs.full_factorial(factors), seed=2), factors)
    validation = qs.validate(screen, full)
    page = check(render(screen, validation))
    assert page.ids.index("ranking") < page.ids.index("comparison") < page.ids.index("effects")
    text = re.sub(r"\s+", " ", page.text["comparison"])
    assert "12 trials against 128 (9.4 %)" in text
    assert f"Pairs that the screen orders {validation.agreement['pairs_resolved']} of 21" in text
    assert json.loads(page.text["analysis-json"])["validation"] == validation.to_dict()


def test_failed_and_chance_trials_are_named(
    study: Callable[..., pd.DataFrame], factors: tuple[qs.Factor, ...], check: Read
) -> None:
    table = study(qs.plackett_burman(factors, runs=12))
    table["state"], table["reason"] = "done", ""
    table.loc[2, ["state", "reason", "accuracy"]] = ["diverged", "loss is <nan>", None]
    table.loc[5, "reason"] = "at chance"
    page = check(render(analyze(table, factors)))
    assert re.search(rf"3\s*{table['run'][2]}\s*diverged\s*loss is <nan>", page.text["set-aside"])
    assert (
        f"1 of the 11 usable trials finished without having learned anything (run {table['run'][5]})"
        in (page.text["at-chance"])
    )


def test_lost_trials_leave_t_ratios_as_the_common_scale(study: Callable[..., pd.DataFrame], check: Read) -> None:
    factors = tuple(qs.Factor(name, -1, 1) for name in "abcd")
    table = study(qs.full_factorial(factors)).drop(index=[1, 2, 7])
    page = check(render(analyze(table, factors)))
    assert "|t|" in page.text["contrasts"]


def test_saturated_design_uses_lenth(study: Callable[..., pd.DataFrame], check: Read) -> None:
    factors = tuple(qs.Factor(f"x{i}", -1, 1) for i in range(11))
    page = check(render(analyze(study(qs.plackett_burman(factors, runs=12)), factors)))
    assert "Lenth's pseudo standard error" in page.text["effects"]
    assert "past the ME" in page.text["contrasts"]
    assert "no residuals to look at" in page.text["residuals"]


def test_no_error_estimate_is_told_not_drawn(check: Read) -> None:
    table = pd.DataFrame({"a": [0, 1, 0, 1], "b": [0, 0, 1, 1], "c": [1, 0, 0, 1], "y": [1.0, 2.0, 4.0, 3.5]})
    page = check(render(qs.analyze(table, response="y", direction="maximize")))
    assert page.text["ranking"].count("cannot tell") == 6
    assert "no error estimate" in page.text["effects"]
    assert not re.search(r"\b(nan|none|inf)\b", page.text["effects"] + page.text["ranking"] + page.text["anova"])


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_one_factor(direction: str, check: Read) -> None:
    table = pd.DataFrame({"only": ["lo", "hi"] * 4, "y": [1.0, 2.0, 1.1, 3.5, 0.7, 2.0, 1.0, 2.2]})
    analysis = qs.analyze(table, response="y", direction=direction, high={"only": "hi"})
    row = re.sub(r"\s+", " ", check(render(analysis)).text["ranking"])
    assert f"1\N{EN DASH}1 only {'hi' if direction == 'maximize' else 'lo'} 1.475" in row


def test_metadata_are_shown(
    study: Callable[..., pd.DataFrame], factors: tuple[qs.Factor, ...], check: Read, tmp_path: Path
) -> None:
    design = qs.plackett_burman(factors, runs=12)
    study(design).to_csv(tmp_path / "t.csv", index=False)
    metadata = {
        "schema": 1,
        "study": "LeNet",
        "response": "accuracy",
        "direction": "maximize",
        "seed": 41,
        "design": {"kind": "plackett-burman", "runs": 12, "foldover": False, "dummies": list(design.dummies)},
        "factors": [{"name": f.name, "low": f.low, "high": f.high, "unit": f.unit} for f in factors],
        "provenance": {"image": "bvlc/caffe:cpu", "note": "<i>text</i>\u202e"},
    }
    (tmp_path / "t.meta.json").write_text(json.dumps(metadata))
    page = check(render(qs.analyze(tmp_path / "t.csv")))
    assert "bvlc/caffe:cpu" in page.text["provenance"]
    assert "<i>text</i>\\u202e" in page.text["provenance"]
    assert "Spare (dummy) columns, which no factor uses: e1, e2, e3, e4." in page.text["design"]
    assert "spare column" in page.text["contrasts"]
    assert "LeNet" in page.everything


@pytest.fixture
def slow_parts_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes the time of a large analysis and adds nothing to the size of its report."""
    for slow in ("ranks.ranking.alias_aware_layer", "evidence.search_p_value"):
        monkeypatch.setattr(f"qim_stats.{slow}", lambda *_, **__: "it was left out")


@pytest.mark.parametrize(("k", "n"), [(60, 64), (60, 2048), (8, 2048)])
@pytest.mark.usefixtures("slow_parts_left_out")
def test_large_studies_stay_small(k: int, n: int, check: Read) -> None:
    rng = np.random.default_rng(0)
    names = [f"factor number {i} with quite a long name" for i in range(k)]
    table = pd.DataFrame(rng.integers(0, 2, (n, k)), columns=names)
    table["y"] = rng.normal(size=n) + table[names[0]]
    page = check(render(qs.analyze(table, response="y", direction="maximize")))
    shown = re.search(r"The first (\d+) of (\d+) are shown", page.text["design"])
    assert (shown is not None) == (n > 1000)
    assert ("instead of points" in page.text["main-effects"]) == (n > 1000)
    assert ("residuals are drawn" in page.text["residuals"]) == (n > 1000)
    assert re.search(r"\d+ trials", page.text["design"])  # the fold
    assert ("trials-csv" in page.ids, "analysis-json" in page.ids) == (True, k == 8)
    assert "No layer allows for interactions outside the model" in page.text["ranking"]
    assert ("With more than 20 factors" in page.text["ranking"]) == (k > 20)


@pytest.mark.usefixtures("slow_parts_left_out")
def test_data_too_long_to_embed_leave_their_checksum(check: Read) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.integers(0, 2, (40_000, 8)), columns=list("abcdefgh"))
    table["y"] = rng.normal(size=len(table)) + table["a"]
    page = check(render(qs.analyze(table, response="y", direction="maximize")))
    assert "trials-csv" not in page.ids
    assert "are too many to be kept in this file" in page.text["data"]
    assert re.search(r"SHA-256 of trials.csv: [0-9a-f]{64}", page.text["data"])
