"""README and docs are true: links lead somewhere, commands and Python run, and shown output is what is printed.

Pages whose examples have tests of their own: docs/aliasing.md, docs/power.md.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from caffe_runner.cli import main as run_trials
from caffe_runner.ledger import Entry
from caffe_runner.probe_findings import Configuration, Probe
from caffe_runner.trial import Trial, TrialResult, TrialState
from qim_stats.cli import main
from qim_stats.distributions import t_quantile
from qim_stats.factors import Factor
from qim_stats.followup.story import story_record, tell_story
from qim_stats.power import Price, Question, compare_designs, guessed_noise
from qim_stats.screening.box_meyer_options import BoxMeyerOptions
from qim_stats.studies import combine

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "analysis" / "lenet_fashion"
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
TESTED_ELSEWHERE = {"aliasing.md", "power.md"}
SLOW = "# takes"


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _slug(heading: str) -> str:
    """Spell a heading's anchor as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            broken.append(target)
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            broken += [target] if anchor not in map(_slug, headings) else []
    assert not broken


def test_the_map_names_every_page() -> None:
    map_and_readme = _text("docs/statistics.md") + _text("README.md")
    missing = [
        p.name for p in (ROOT / "docs").glob("*.md") if p.name != "statistics.md" and p.name not in map_and_readme
    ]
    assert not missing


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the tables that the examples name: the recorded trials of LeNet under these names."""
    names = ["trials", "screen", "full", "study.runs/trials"]
    (tmp_path / "study.runs").mkdir()
    for name in names:
        source = "full" if name == "full" else "screen"
        shutil.copy(RECORDED / f"{source}.csv", tmp_path / f"{name}.csv")
        shutil.copy(RECORDED / f"{source}.meta.json", tmp_path / f"{name}.meta.json")
    rng = np.random.Generator(np.random.PCG64(1))
    for name in ("mnist", "cifar", "letters"):
        table = pd.read_csv(RECORDED / "screen.csv")
        table["accuracy"] += rng.normal(scale=0.02, size=len(table))
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _python_blocks() -> Iterator[Any]:
    for page in PAGES:
        blocks = re.findall(
            r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", page.read_text(encoding="utf-8"), re.DOTALL
        )
        if blocks and page.name not in TESTED_ELSEWHERE:
            yield pytest.param(blocks, id=page.name)


@pytest.mark.parametrize("blocks", list(_python_blocks()))
@pytest.mark.usefixtures("desk")
def test_python_does_what_the_page_shows(blocks: list[tuple[str, str]]) -> None:
    names: dict[str, Any] = {}
    for code, expected in blocks:
        if code.startswith(SLOW):
            compile(code, "page", "exec")
            continue
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(code, names)  # noqa: S102  our own page
        assert not expected or shown.getvalue() == expected


_COMMAND = r"python -m qim_stats \w(?:[^\\\n]|\\\n)*"


def _words(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", " "))[3:]


def _commands(page: Path) -> list[list[str]]:
    """Return the commands of qim_stats that a page spells out, without those that it abbreviates."""
    text = page.read_text(encoding="utf-8")
    shown = re.findall(rf"^ {{4,}}({_COMMAND})$", text, flags=re.MULTILINE)
    shown += re.findall(r"`(python -m qim_stats [^`|]+ [^`|]+)`", text)
    return [words for words in map(_words, shown) if "..." not in words and len(words) > 1]


def _transcripts() -> list[Any]:
    """Return the commands after a dollar sign with the output that the page shows, ``...`` for what it leaves out."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        shown = re.findall(rf"^    \$ ({_COMMAND})\n((?:(?:    .*)?\n)+)", text, flags=re.MULTILINE)
        if page.name not in TESTED_ELSEWHERE:
            found += [pytest.param(command, output, id=page.name) for command, output in shown]
    return found


@pytest.mark.parametrize(("command", "output"), _transcripts())
def test_shown_output_is_what_is_printed(
    command: str, output: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(_words(command)) in (0, 1)
    printed = capsys.readouterr().out
    at = 0
    for piece in textwrap.dedent(output).strip("\n").split("...\n"):
        wanted = piece.removesuffix("...")
        assert wanted in printed[at:]
        at = printed.index(wanted, at) + len(wanted)


def _answer_in(path: Path, column: str) -> None:
    """Fill in what was measured."""
    table = pd.read_csv(path)
    table[column] = np.random.Generator(np.random.PCG64(2)).normal(size=len(table))
    table.to_csv(path, index=False)


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.name not in TESTED_ELSEWHERE and _commands(p)], ids=lambda p: p.name
)
def test_commands_run(page: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # What designs a table comes before what analyzes it, wherever the page has it.
    for command in sorted(_commands(page), key=lambda words: words[0] != "design"):
        status = main(command)
        told = capsys.readouterr()
        assert status in (0, 1), f"{shlex.join(command)}: {told.err}"
        assert all(len(line) <= 80 for line in told.out.splitlines())
        if command[0] == "design":
            _answer_in(desk / "design.csv", "accuracy")


@pytest.mark.parametrize("run", [main, run_trials], ids=["qim_stats", "caffe_runner"])
def test_every_verb_is_in_the_readme(run: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["--help"])
    verbs = re.findall(r"^    (\w+) +\w", capsys.readouterr().out, flags=re.MULTILINE)
    assert "run" in verbs or "analyze" in verbs
    assert not [verb for verb in verbs if f"`{verb}`" not in _text("README.md")]


@pytest.mark.parametrize("verb", ["analyze", "power", "augment", "combine", "validate"])
def test_every_option_is_in_the_docs(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    options = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, flags=re.MULTILINE))
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert {"--seed", "--json"} <= options
    # A notice is for scripts that make reports of recorded trials.
    assert not [option for option in options - {"--notice"} if option not in pages]


def _keys(value: Any, own: frozenset[str]) -> set[str]:
    """Return the keys of JSON at all depths; ``own`` are those whose keys are the user's names."""
    if isinstance(value, list):
        return set().union(*(_keys(item, own) for item in value))
    if not isinstance(value, Mapping):
        return set()
    return set(value).union(*(_keys(item, own) for key, item in value.items() if key not in own))


def _section(verb: str) -> str:
    page = _text("docs/json.md")
    everywhere = page[: page.index("\n## ")]
    start = page.index(f"## `{verb}`")
    end = page.find("\n## ", start)
    return everywhere + page[start : end if end > 0 else None]


def _undescribed(record: Any, verb: str, own: frozenset[str] = frozenset()) -> list[str]:
    told = set(re.findall(r"`(\w+)`", _section(verb)))
    return sorted(_keys(json.loads(json.dumps(record)), own) - told)


OWN = frozenset({"p_top", "states", "versions", "high", "levels", "runs", "rows", "properties"})


def _screened() -> qs.Analysis:
    """An analysis in which every optional part is there: failed trials, other responses, a transform."""
    table = pd.read_csv(RECORDED / "screen.csv")
    first = table["run"] == 1
    table.loc[first, "state"] = "diverged"
    table.loc[first, "accuracy"] = np.nan
    return qs.analyze(table, response=["accuracy", "seconds"], direction="maximize", transform="logit")


def test_json_of_analyze_is_described() -> None:
    record = _screened().to_dict()
    parts = ("box_meyer", "model_search", "failures", "lost_runs", "responses", "original_scale", "permutation")
    assert not [part for part in parts if not record[part]]
    assert not _undescribed(record, "analyze", OWN)


def test_json_of_validate_and_combine_is_described() -> None:
    screen, full = (qs.analyze(RECORDED / f"{name}.csv") for name in ("screen", "full"))
    assert not _undescribed(qs.validate(screen, full).to_dict()["agreement"], "validate")
    assert not _undescribed(qs.validate(screen, full).to_dict()["cost"], "validate")
    found = combine([RECORDED / "screen.csv", RECORDED / "full.csv"])
    record = {key: value for key, value in found.to_dict().items() if key != "method"}
    assert not _undescribed(record, "combine", OWN)


def test_json_of_power_and_augment_is_described() -> None:
    factors = [Factor(name, -1, 1) for name in "abc"]
    question = Question(effect=0.02, noise=guessed_noise(0.01), price=Price(30.0, jobs=2))
    assert not _undescribed(compare_designs(factors, question).to_dict(), "power")
    follow_up = qs.augment(RECORDED / "screen.csv", runs=4, method="replicates")
    assert not _undescribed(follow_up.to_dict(), "augment", OWN)
    step = qs.settle_step(RECORDED / "screen.csv", until="top-2", budget=20)
    assert not _undescribed(step.to_dict(), "augment", OWN)


def test_json_of_design_is_described(desk: Path) -> None:
    assert main(["design", "--names", "a,b,c", "--out", "d.csv", "--json", "d.json"]) == 0
    record = json.loads((desk / "d.json").read_text(encoding="utf-8"))
    assert not _undescribed(record, "design", OWN)
    properties = set(re.findall(r"`(\w+)`", _text("docs/designs.md")))
    assert not set(record["properties"]) - properties


def test_json_of_a_run_until_is_described() -> None:
    data = qs.read_trials(RECORDED / "screen.csv")
    step = qs.settle_step(RECORDED / "screen.csv", until="top-2", budget=20)
    story = tell_story(data, step.standing.goal, 0.9, sizes=[10, 2])
    record = {"study": "", "until": "top-2", **story_record(step, story)}
    assert not _undescribed(record, "run --until", OWN)


def test_json_of_probe_is_described() -> None:
    first, second = (TrialResult(TrialState.DONE, "", 2.0, 0, {"y": y}) for y in (0.5, 0.6))
    late = TrialResult(TrialState.TIMEOUT, "stopped", 9.0, None)
    entries = tuple(
        Entry(Trial(n, 1, n, 1, n, max(n, 2), {"lr": 0.1}), n, result.state, result, None)
        for n, result in enumerate([first, first, second, late], start=1)
    )
    design = qs.plackett_burman([Factor(name, -1, 1) for name in "abc"])
    record = Probe("test", "y", (Configuration("low", {"lr": 0.1}, entries),), design).to_dict()
    assert record["noise"]
    for trial in record["configurations"][0]["trials"]:
        del trial["y"]  # the response, under its own name
    described = _section("probe") + _section("power")
    assert not _keys(record, OWN) - set(re.findall(r"`(\w+)`", described))


def test_every_alert_is_described() -> None:
    sources = [path for name in ("qim_stats", "caffe_runner") for path in (ROOT / name).rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    codes = set(re.findall(r"\bAlert\(\s*\"(\w+)\"", text)) | set(re.findall(r"\bfound\.append\(\(\"(\w+)\"", text))
    assert len(codes) > 20
    assert not codes - set(re.findall(r"`(\w+)`", _text("docs/json.md")))


def test_every_public_name_is_in_the_page_on_python() -> None:
    page = _text("docs/python.md")
    assert not [name for name in qs.__all__ if f"`{name}`" not in page]


def test_the_noise_table_of_box_meyer_uses_the_defaults() -> None:
    # The page says which models and priors its numbers are about.
    assert "max_factors=5,max_order=3,p=0.25,g=2" in _text("docs/interactions.md")
    assert (BoxMeyerOptions().max_order, BoxMeyerOptions().p, BoxMeyerOptions().g) == (3, 0.25, 2.0)


def test_the_sensitivity_told_is_that_of_the_recorded_trials() -> None:
    found = qs.analyze(RECORDED / "screen.csv").to_dict()["box_meyer"]["sensitivity"]["ranges"]
    ours = next(row for row in found if row["factor"] == "base_lr")
    page = " ".join(_text("docs/interactions.md").split())
    assert f"from {ours['low']:.2f} to {ours['high']:.2f} over these, as that of `base_lr`" in page


def _told(page: str, pattern: str) -> list[float]:
    """Return the numbers that a sentence of a page tells."""
    found = re.search(pattern, " ".join(_text(page).split()))
    assert found, pattern
    return [float(number.replace(",", "")) for number in found.groups()]


def test_headline_error_rates_are_those_of_the_calibration() -> None:
    table = pd.read_csv(ROOT / "analysis" / "calibration" / "significance.csv")
    rates = dict(zip(table["design"], 100.0 * table["fwer"].to_numpy(), strict=True))
    told = _told("docs/errors.md", r"([\d,]+) studies of pure noise for each of (\d+) designs .* is ([\d.]+) % at most")
    assert told == pytest.approx([table["studies"].min(), len(table), max(rates.values())], abs=0.0051)
    told = _told("docs/errors.md", r"([\d.]+) % for twelve runs of eight factors")
    assert told == pytest.approx([rates["PB12, 8 factors"]], abs=0.0051)


def test_headline_coverage_is_that_of_the_calibration() -> None:
    table = pd.read_csv(ROOT / "analysis" / "calibration_ranks" / "coverage.csv")
    null = table["studies"] == "no effects"
    expected = [
        table["n"].sum(),
        100.0 * table["reported"].min(),
        100.0 * table.loc[null, "ordered"].max(),
    ]
    expected.insert(2, 100.0 * table.loc[null, "reported"].min())
    pattern = (
        r"([\d,]+) simulated studies .* at once in ([\d.]+) % of .* without any effect in ([\d.]+) %, "
        r"and an order was claimed in ([\d.]+) % at most"
    )
    assert _told("docs/ranks.md", pattern) == pytest.approx(expected, abs=0.051)


def test_what_the_example_says_of_its_numbers() -> None:
    screen, full = (qs.analyze(RECORDED / f"{name}.csv") for name in ("screen", "full"))
    found = qs.validate(screen, full)
    ranking, truth = screen.ranking().set_index("factor"), found.truth.set_index("factor")
    effect, error = (float(ranking[column].loc["base_lr"]) for column in ("effect", "std_error"))
    share = effect / float(truth["effect"].loc["base_lr"])
    assert screen.error.df == 3.0
    expected = [t_quantile(1.0 - 0.05 / 16.0, 3.0), 100.0 * share, effect / error]
    pattern = r"must be ([\d.]+) times its standard error .* estimated at (\d+) % of .* is at ([\d.]+)\. "
    assert _told("docs/statistics.md", pattern) == pytest.approx(expected, rel=0.02)
    told = _told("docs/statistics.md", r"tau with the true ones is ([\d.]+\d)")
    assert told == pytest.approx([found.agreement["kendall_tau"]], abs=0.0051)
