"""The analysis as a whole: its JSON, its frames, its verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs

REFERENCE = Path(__file__).parents[1] / "reference"
KEYS = [
    *("schema", "glance", "terms", "anova", "lenth", "box_meyer", "ranking", "verdict", "alerts", "method"),
    *("pairs", "ranking_scale", "ranking_sensitivity", "aliases", "tipping_points", "global_test", "permutation"),
    *("lack_of_fit", "curvature", "model_search"),
    *("failures", "lost_runs", "responses", "original_scale", "dropped"),
]


def study(seed: int = 0, effects: tuple[float, ...] = (5.0, 0.0, -3.0, 0.0, 0.0), noise: float = 0.5) -> pd.DataFrame:
    names = ["lr", "momentum", "decay", "batch", "filters"][: len(effects)]
    design = qs.plackett_burman([qs.Factor(n, 1, 2) for n in names], runs=12, seed=seed)
    coded = design.coded[names].to_numpy(dtype=float)
    y = coded @ np.array(effects) / 2.0 + noise * np.random.default_rng(seed).standard_normal(12)
    return design.natural().assign(y=y)


def analyze(frame: pd.DataFrame, **options: object) -> qs.Analysis:
    return qs.analyze(frame, **{"response": "y", "direction": "maximize", **options})  # type: ignore[arg-type]


def test_json_has_the_agreed_keys_and_no_nan(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    found = analyze(study())
    found.to_json(path)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    data = json.loads(path.read_text(), parse_constant=refuse)
    assert list(data) == KEYS
    assert data == found.to_dict()
    assert list(data["glance"]) == [
        "n",
        "df_resid",
        "sigma",
        "r_squared",
        "adj_r_squared",
        "f_statistic",
        "f_p_value",
        "log_lik",
        "aic",
        "bic",
        "error_source",
    ]
    assert list(data["terms"][0]) == list(found.tidy().columns)
    assert list(data["anova"][0]) == ["term", "df", "sum_sq", "mean_sq", "statistic", "p_value"]
    assert list(data["lenth"]) == ["m", "pse", "me_t", "sme_t", "me", "sme", "effects"]
    assert list(data["lenth"]["effects"][0]) == ["term", "effect", "t_ratio", "p_individual", "p_simultaneous"]
    assert set(data["ranking"][0]) >= {"factor", "rank", "rank_low", "rank_high", "tied_with", "importance", "p_top"}
    assert list(data["verdict"]) == ["text", "significant", "undecided", "next"]
    weighed = found.box_meyer()
    assert weighed is not None
    assert data["box_meyer"]["factors"] == weighed.factors.to_dict("records")
    assert "box_meyer_unavailable" not in {a["code"] for a in data["alerts"]}
    assert data["method"]["versions"]["qim_stats"] == qs.__version__
    assert data["method"]["seed"] == 0


def test_full_precision_survives_json(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    found = analyze(study())
    found.to_json(path)
    data = json.loads(path.read_text())
    assert [row["estimate"] for row in data["terms"]] == found.tidy()["estimate"].to_list()


def test_same_input_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    table = tmp_path / "trials.csv"
    study().to_csv(table, index=False)
    script = (
        "import sys, qim_stats as qs; "
        "qs.analyze(sys.argv[1], response='y', direction='maximize', error='pse').to_json(sys.argv[2])"
    )
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for number, path in enumerate(paths):
        environment = {"PYTHONHASHSEED": str(number), "PYTHONPATH": str(Path(qs.__file__).parents[1])}
        subprocess.run([sys.executable, "-c", script, table, path], check=True, env=environment)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_seed_matters_only_to_what_is_simulated() -> None:
    one, other = analyze(study(), error="pse", seed=1), analyze(study(), error="pse", seed=2)
    assert one.tidy()["estimate"].equals(other.tidy()["estimate"])
    assert not one.tidy()["p_value"].equals(other.tidy()["p_value"])
    assert one.tidy()["p_value"].to_numpy() == pytest.approx(other.tidy()["p_value"].to_numpy(), abs=0.01)


def test_the_verdict_names_what_stands_out_and_the_better_level() -> None:
    found = analyze(study())
    assert set(found.verdict.significant) == {"lr", "decay"}
    assert found.verdict.text.startswith("lr and decay stand out from noise (95 % confidence, Holm's correction")
    assert "y is better (higher) on average with lr at 2 and decay at 1." in found.verdict.text
    assert "lr has the largest effect of all, also with interactions allowed for." in found.verdict.text
    assert "foldover" in found.verdict.next
    assert "12 more runs" in found.verdict.next
    less = analyze(study(), direction="minimize")
    assert "y is better (lower) on average with lr at 1 and decay at 2." in less.verdict.text
    assert {a.code for a in found.alerts} >= {"aliased_interactions", "error_source", "dummies_inferred"}


def test_null_data_are_told_as_noise_nearly_always(monkeypatch: pytest.MonkeyPatch) -> None:
    # What stands out is judged by the noise of trials alone; the rest takes most of the time.
    monkeypatch.setattr("qim_stats.ranks.ranking.alias_aware_layer", lambda *_, **__: "it was left out")
    studies = 200
    calls = sum(bool(analyze(study(seed, effects=(0.0,) * 5)).verdict.significant) for seed in range(studies))
    assert calls <= studies * 0.05 + 2 * np.sqrt(studies * 0.05 * 0.95)
    quiet = next(a for s in range(5) if not (a := analyze(study(s, effects=(0.0,) * 5))).verdict.significant)
    assert quiet.verdict.text.startswith("No factor can be told from noise")
    assert len(quiet.verdict.undecided) == 5


def test_failed_trials_come_first_in_what_to_do_next() -> None:
    frame = study()
    frame["state"] = ["failed" if run == 4 else "done" for run in frame["run"]]
    found = analyze(frame, factors=["lr", "decay"])
    assert found.verdict.next.startswith("Rerun the 1 trial that gave no response, in this order: run 4.")
    assert found.lenth() is None
    assert len(found.augment()) == 11
    assert found.glance()["n"].iloc[0] == 11


def test_close_effects_are_not_ordered() -> None:
    found = analyze(study(effects=(5.0, 4.9, 0.0, 0.0, 0.0)))
    first = found.ranking().iloc[0]
    assert first["rank_high"] >= 2
    assert "Which of" in found.verdict.text


def test_replicates_are_asked_for_once_aliases_are_gone() -> None:
    design = qs.foldover(qs.plackett_burman([qs.Factor(n, 1, 2) for n in "abcde"], runs=12, seed=0))
    y = np.random.default_rng(3).standard_normal(24)
    found = analyze(design.natural().assign(y=y), factors=list("abcde"))
    assert found.trials.block == "block"
    assert found.formula == "y ~ block + a + b + c + d + e"
    assert not any(a.code == "aliased_interactions" for a in found.alerts)
    assert found.verdict.next == (
        "24 more trials (each run once more with a new seed) would shrink the standard errors by about 29 %."
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"confidence": 1.0}, "--confidence"),
        ({"confidence": float("nan")}, "--confidence"),
        ({"adjust": "bonferroni"}, "--adjust"),
        ({"seed": -1}, "--seed"),
        ({"formula": "y ~ e1", "factors": ["lr"]}, "no main effect of a factor"),
    ],
)
def test_options_are_checked(options: dict[str, object], problem: str) -> None:
    with pytest.raises(qs.QimError, match=problem):
        analyze(study(), **options)


def test_too_few_trials_are_refused() -> None:
    with pytest.raises(qs.TrialsError, match="4 usable trials are too few for 5 factors"):
        analyze(study().iloc[[0, 1, 2, 3]], factors=["lr", "momentum", "decay", "batch", "filters"])


def test_all_effects_zero_have_ranks_but_no_importance() -> None:
    frame = pd.DataFrame({"a": [-1, 1, -1, 1] * 2, "b": [-1, -1, 1, 1] * 2, "y": [0.0] * 4 + [1.0] * 4})
    found = analyze(frame, factors=["a", "b"])
    assert found.ranking()["rank"].to_list() == [1, 1]
    assert found.to_dict()["ranking"][0]["importance"] is None
    assert any(a.code == "no_importance" for a in found.alerts)


def test_frames_are_copies() -> None:
    found = analyze(study())
    for frame in (found.ranking(), found.tidy()):
        frame.iloc[0, 0] = "changed"
    assert "changed" not in found.ranking()["factor"].to_list() + found.tidy()["term"].to_list()


def test_importing_loads_neither_plots_nor_models() -> None:
    script = (
        "import sys, qim_stats; qim_stats.Factor; "
        "print([m for m in ('statsmodels', 'matplotlib', 'pandas', 'patsy', 'scipy.stats') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(qs.__file__).parents[1])},
    )
    assert answer.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    for name in qs.__all__:
        assert getattr(qs, name) is not None
    assert set(qs.__all__) <= set(dir(qs))
    with pytest.raises(AttributeError, match="no attribute 'anything'"):
        _ = qs.anything


def test_an_augmented_table_can_be_analyzed_again(tmp_path: Path) -> None:
    found = analyze(study())
    again = analyze(found.augment(), factors=found.trials.factor_names)
    assert again.augment().columns.is_unique
    pd.testing.assert_frame_equal(again.augment(), found.augment())
    again.to_html(tmp_path / "report.html")
