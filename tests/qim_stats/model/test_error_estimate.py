"""Where standard errors come from, and what is said when there is nothing to take them from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.errors import TrialsError
from qim_stats.model.error_estimate import estimate_error
from qim_stats.model.fit import fit_ols
from qim_stats.model.formula import default_formula, model_matrix
from qim_stats.screening.contrasts import Contrasts, find_contrasts
from qim_stats.screening.lenth import Lenth, lenth

REFERENCE = Path(__file__).parents[2] / "reference"


def analyze(table: str | pd.DataFrame, **options: object) -> qs.Analysis:
    source = REFERENCE / table if isinstance(table, str) else table
    return qs.analyze(source, response="y", direction="maximize", **options)  # type: ignore[arg-type]


def noise(design: qs.Design, seed: int = 0) -> pd.DataFrame:
    table = design.natural()
    names = [f.name for f in design.factors]
    kept = [c for c in ("run", "replicate", "block") if table[c].nunique() > 1]
    return table[[*kept, *names]].assign(y=np.random.default_rng(seed).standard_normal(len(table)))


def factors(k: int) -> list[qs.Factor]:
    return [qs.Factor(f"x{i}", 0, 1) for i in range(k)]


def pb12(k: int) -> qs.Design:
    return qs.plackett_burman(factors(k), runs=12, seed=1)


def test_a_given_formula_takes_the_residual_as_lm_does() -> None:
    found = analyze("etch.csv", formula="y ~ gap + flow * power")
    assert found.error_source == "residual"
    assert found.error.df == 11.0
    assert found.error.sigma == found.glance()["sigma"].iloc[0]


@pytest.mark.parametrize(
    ("design", "source", "df", "why_not"),
    [
        (qs.replicate(pb12(8), 2), "pure", 12.0, "residual (15 degrees"),
        (pb12(8), "residual", 3.0, "no replicates"),
        # Half of the 24 trials' differences: 12 pairs, 8 factors, a shift between the blocks.
        (qs.foldover(pb12(8)), "foldover", 3.0, "no replicates"),
        (qs.foldover(pb12(10)), "residual", 12.0, "1, where 3 are wanted"),
        (qs.replicate(qs.foldover(pb12(8)), 2), "pure", 24.0, ""),
        (qs.full_factorial(factors(4), seed=0), "residual", 11.0, "full factorial"),
        (pb12(11), "pse", 11 / 3, ""),
    ],
)
def test_auto_chooses_from_the_design(design: qs.Design, source: str, df: float, why_not: str) -> None:
    found = [analyze(noise(design, seed)) for seed in range(2)]
    assert {a.error_source for a in found} == {source}
    assert [a.error.df for a in found] == pytest.approx([df] * 2)
    assert why_not in found[0].error.reason


def test_auto_combines_when_replicates_are_all_there_is() -> None:
    table = noise(pb12(11))
    more = pd.concat([table, table.iloc[[2, 7]].assign(y=[0.3, -0.2])], ignore_index=True).drop(columns="run")
    found = analyze(more)
    assert found.error_source == "combined"
    assert found.error.df == pytest.approx(2 + 11 / 3)
    residual = analyze(more, error="residual").error
    assert residual.sigma == pytest.approx(analyze(more, error="pure").error.sigma)
    assert residual.df == 2.0


def test_pure_error_is_the_spread_within_cells() -> None:
    # By hand from the pairs of the plasma etch data: SS = sum of (difference^2 / 2) = 18020.5 on 8 degrees of freedom
    # (Montgomery, Design and Analysis of Experiments, example 6.1).
    found = analyze("etch.csv", error="pure")
    assert found.error.sigma == pytest.approx(np.sqrt(18020.5 / 8))
    terms = found.tidy()
    assert terms["std_error"].to_list() == pytest.approx([np.sqrt(18020.5 / 8 / 16)] * len(terms))
    assert (terms["df"] == 8.0).all()
    assert any(a.code == "anova_residual" for a in found.alerts)


def test_pure_error_does_not_mix_blocks() -> None:
    frame = pd.read_csv(REFERENCE / "chemical.csv")
    with pytest.raises(TrialsError, match="no pure error"):
        analyze(frame, error="pure")
    frame["block"] = 1
    assert analyze(frame, error="pure").error.df == 8.0


def test_pse_stands_in_for_a_saturated_model() -> None:
    found = analyze("fatigue.csv", factors=[*"ABCDEFG", "e1", "e2", "e3", "e4"])
    pseudo = found.lenth()
    assert pseudo is not None
    assert found.error_source == "pse"
    assert pseudo.m == 11
    ranking = found.ranking().set_index("factor")
    effects = pseudo.effects.set_index("term")
    for name in ranking.index:
        assert ranking.at[name, "std_error"] == pytest.approx(pseudo.pse)
        assert ranking.at[name, "p_value"] == pytest.approx(effects.at[name, "p_individual"])
        assert ranking.at[name, "conf_high"] - ranking.at[name, "effect"] == pytest.approx(pseudo.me)
    assert found.tidy()["df"].iloc[0] == pytest.approx(11 / 3)
    alert = next(a for a in found.alerts if a.code == "error_source")
    assert "Lenth" in alert.message


def test_centre_points_give_pure_error_and_combine_with_the_contrasts() -> None:
    table = noise(pb12(11))
    plain = qs.read_trials(table, response="y", direction="maximize")
    centre = [0.4, -0.1, 0.9]
    rows = range(12, 15)
    trials = replace(
        plain,
        frame=pd.concat([plain.frame, plain.frame.iloc[:3]], ignore_index=True),
        usable=np.ones(15, dtype=np.bool_),
        coded=pd.concat([plain.coded, pd.DataFrame(0.0, index=rows, columns=plain.coded.columns)]),
        y=np.append(plain.y, centre),
    )
    fit = fit_ols(model_matrix(default_formula(trials), trials), trials.y)
    assert fit.df_resid == 3  # two of the centre points, one of curvature
    assert estimate_error("pure", fit, trials, "none").sigma == pytest.approx(np.std(centre, ddof=1))
    found = estimate_error("auto", fit, trials, "none")
    assert found.source == "combined"
    contrasts = find_contrasts(trials)
    assert isinstance(contrasts, Contrasts)
    pse = lenth(find_contrasts(plain), plain.y)  # type: ignore[arg-type]
    assert isinstance(pse, Lenth)
    pooled = (11 / 3 * pse.sigma**2 + 2.0 * np.var(centre, ddof=1)) / (11 / 3 + 2.0)
    assert found.sigma == pytest.approx(np.sqrt(pooled))
    assert found.contrasts == {f"x{i}" for i in range(11)}


def test_no_error_estimate_is_told_and_gives_no_number() -> None:
    frame = pd.DataFrame({"a": [-1, 1, -1, 1], "b": [-1, -1, 1, 1], "y": [1.0, 2.0, 3.0, 5.0]})
    found = analyze(frame, formula="y ~ a * b")
    assert found.error_source == "none"
    data = found.to_dict()
    for term in data["terms"]:
        assert term["estimate"] is not None
        for column in ("std_error", "statistic", "df", "p_value", "p_adjusted", "conf_low", "conf_high"):
            assert term[column] is None
    for row in data["ranking"]:
        assert (row["rank_low"], row["rank_high"]) == (1, 2)
        assert row["p_value"] is None
        assert row["p_top"] == {"1": None, "3": None}
    assert data["verdict"]["text"].startswith("Cannot tell")
    assert data["verdict"]["significant"] == []
    alert = next(a for a in found.alerts if a.code == "no_error_estimate")
    assert alert.severity == "error"
    assert "too few" in alert.message


def test_what_cannot_be_had_is_refused_when_asked_for() -> None:
    frame = pd.DataFrame({"a": [-1, 1, -1, 1], "b": [-1, -1, 1, 1], "y": [1.0, 2.0, 3.0, 5.0]})
    with pytest.raises(TrialsError, match="no residual degrees"):
        analyze(frame, formula="y ~ a * b", error="residual")
    with pytest.raises(TrialsError, match=r"no pseudo standard error: .*too few"):
        analyze(frame, error="pse")
    with pytest.raises(TrialsError, match="no pure error"):
        analyze(frame, error="pure")
    with pytest.raises(TrialsError, match="no degrees of freedom beside the main effects"):
        analyze(frame, error="foldover")
    with pytest.raises(TrialsError, match="cannot be combined: no two usable trials"):
        analyze(frame, error="combined")
    with pytest.raises(qs.QimError, match="not a choice"):
        analyze(frame, error="guess")


def test_an_exact_fit_is_no_error_estimate() -> None:
    design = qs.plackett_burman([qs.Factor(n, 0, 1) for n in "abcdefg"], runs=12, seed=0).natural()[list("abcdefg")]
    frame = design.assign(y=0.1 * design["a"] + 0.7 * design["b"] + 0.3)
    found = analyze(frame)
    assert found.error_source == "none"
    assert found.to_dict()["glance"]["sigma"] is None
    assert "rounding" in found.verdict.text
    assert found.lenth() is None


def test_replicates_that_agree_exactly_are_no_error_estimate() -> None:
    frame = pd.DataFrame({"a": [-1, 1, -1, 1], "y": [1.0, 2.0, 1.0, 2.0]})
    found = analyze(frame, error="pure")
    assert found.error_source == "none"
    assert "agree exactly" in found.verdict.text
