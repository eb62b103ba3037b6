"""Names are text: never markup, never mathematics, never a template, in the tables and in the figures."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.report import render

SCRIPT = "<script>alert(1)</script>"
NAMES = (
    SCRIPT,
    "$x^2$",
    "\"quoted\" & 'q'",
    "../../etc",
    "$(rm -rf /)",
    "a:b",
    "x" * 80,
    "{{ 7777 * 7 }}",
    "_hidden. And more",
    "%s &lt; ]]> --> </svg></pre>",
    "学习率 🚀",
)
CHROMIUM = shutil.which("chromium")
Read = Callable[[str], SimpleNamespace]


@pytest.fixture(scope="module")
def hostile(study: Callable[..., pd.DataFrame]) -> str:
    factors = tuple(qs.Factor(name, "low </td>", "high $1$") for name in NAMES)
    table = study(qs.plackett_burman(factors, runs=12), response="<b>loss</b> $y$")
    return render(qs.analyze(table, response="<b>loss</b> $y$", direction="minimize", factors=factors))


def test_names_are_shown_as_text(hostile: str, read: Read) -> None:
    page = read(hostile)
    assert not {"script", "b"} & set(page.tags)
    for name in NAMES:
        for section in ("ranking", "aliasing", "effects", "design", "trials-csv"):
            shown = name.replace('"', '""') if section == "trials-csv" else name
            assert shown in page.text[section], (name, section)
    assert "54439" not in page.everything


def test_figures_hold_the_names_as_text(hostile: str, read: Read) -> None:
    text = read(hostile).text["main-effects"]
    for name in NAMES:
        assert (name if len(name) <= 26 else name[:25] + "…") in text
    assert "high $1$" in text


def test_sentences_are_not_cut_inside_a_name(study: Callable[..., pd.DataFrame], read: Read) -> None:
    factors = tuple(qs.Factor(name, -1, 1) for name in ("dr. no", "b", "c", "d", "e"))
    table = study(qs.plackett_burman(factors, runs=12))
    page = read(render(qs.analyze(table, response="accuracy", direction="maximize", factors=factors)))
    answer = page.text["verdict"].strip().splitlines()[0]
    assert answer.startswith("dr. no and b stand out")
    assert answer.endswith(".")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=3, max_size=3))
def test_any_name_and_unit(read: Read, texts: list[str]) -> None:
    unit, low, reason = texts
    factors = (qs.Factor("a" + unit, low, low + "!", unit=unit), *(qs.Factor(c * 3, 0, 1) for c in "cde"))
    table = qs.full_factorial(factors).table()
    table["y"] = [float((i * 7) % 16) for i in range(16)]
    table["state"], table["reason"] = ["done"] * 15 + ["failed"], [""] * 15 + [reason]
    page = read(render(qs.analyze(table, response="y", direction="maximize", factors=factors)))
    assert "a" + unit in page.text["ranking"]
    assert low in page.text["design"]
    assert reason in page.text["set-aside"]
    assert page.text["set-aside"].count("a" + unit) >= 2  # in the table of what makes trials fail, and of wider errors


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
def test_browser_runs_no_script(hostile: str, tmp_path: Path, read: Read) -> None:
    report = tmp_path / "report.html"
    report.write_text(hostile, encoding="utf-8")
    options = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    options += " --disable-component-update --disable-sync"
    done = subprocess.run(
        [str(CHROMIUM), *options.split(), f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", report.as_uri()],
        capture_output=True,
        check=True,
        timeout=120,
    )
    dom = done.stdout.decode()
    page = read(dom)
    assert "script" not in page.tags
    assert SCRIPT in page.text["ranking"]
    assert SCRIPT in page.text["main-effects"]
    assert page.ids == read(hostile).ids
