"""On which scale the response is simpler, what is said of it, and which transform is named."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.ranks.response_scale import CLEARLY, response_scale
from qim_stats.screening.walsh_warps import MIRRORED, NAMES, STRETCHED, all_scales
from qim_stats.terminal import analysis_text

Array = npt.NDArray[np.float64]


def shares(**probabilities: float) -> dict[str, float]:
    """Give scales, by the end that they stretch, the probabilities, the first of each the whole of it."""
    answer = dict.fromkeys(NAMES, 0.0)
    for end, share in probabilities.items():
        answer[NAMES[STRETCHED.index("" if end == "given" else end)]] = share
    return answer


def test_the_ends_that_scales_stretch() -> None:
    y = np.linspace(0.0, 1.0, 41)
    made = all_scales(y)
    mirrored = {"lower": "upper", "upper": "lower"}
    for i, end in enumerate(STRETCHED):
        steps = np.diff(made.z[:, i])
        bottom, middle, top = steps[0], steps[20], steps[-1]
        assert (bottom > 1.05 * middle and bottom > 1.05 * top) == (end == "lower")
        assert (top > 1.05 * middle and top > 1.05 * bottom) == (end == "upper")
        assert (min(top, bottom) > 1.05 * middle) == (end == "both")
        assert STRETCHED[MIRRORED[i]] == mirrored.get(end, end)


def test_nothing_is_said_unless_it_is_clear() -> None:
    y = np.exp(np.linspace(0.0, 3.0, 12))
    for unclear in (shares(given=1.0), shares(given=0.1, lower=CLEARLY), shares(lower=0.5, upper=0.5)):
        found = response_scale(unclear, y, "identity")
        assert (found.stretched, found.probability, found.transform, found.words("y")) == (None,) * 4
        assert found.scales["probability"].tolist() == list(unclear.values())
    alone = response_scale({"as given": 1.0}, y, "identity")
    assert alone.words("y") is None


def test_a_transform_is_named_where_it_is_like_the_scale() -> None:
    clear = shares(given=0.04, lower=0.96)
    wide = response_scale(clear, np.exp(np.linspace(0.0, 3.0, 12)), "identity")
    assert (wide.stretched, wide.transform) == ("lower", "log")
    assert wide.probability == pytest.approx(0.96)
    assert wide.words("loss") == (
        "loss is simpler with its lower end stretched (probability 0.96): part of the interactions is in the scale. "
        "Rank intervals allow for that; --transform log shows the effects on such a scale."
    )
    # Between 1,000 and 1,020 the logarithm is as straight as the response itself; and some responses have none.
    far = response_scale(clear, 1000.0 + np.exp(np.linspace(0.0, 3.0, 12)), "identity")
    assert (far.stretched, far.transform) == ("lower", None)
    assert str(far.words("y")).endswith("Rank intervals allow for that.")
    assert response_scale(clear, np.exp(np.linspace(0.0, 3.0, 12)) - 5.0, "identity").transform is None
    assert response_scale(clear, np.linspace(0.0, 3.0, 12), "log").transform is None
    ceiling = NAMES.index("log((t - low)/(high - t)) with limits 1 below and 0.15 above")
    told = {name: float(i == ceiling) for i, name in enumerate(NAMES)}
    top = response_scale(told, 1.0 / (1.0 + np.exp(-np.linspace(0.0, 3.0, 12))), "identity")
    assert (top.stretched, top.transform) == ("upper", "logit")


def test_a_multiplicative_study_is_told_on_the_terminal() -> None:
    names = [f"f{i}" for i in range(7)]
    design = qs.plackett_burman([qs.Factor(name, -1, 1) for name in names], runs=12, seed=0)
    x = design.coded[names].to_numpy(dtype=np.float64)
    x = np.vstack([x, -x])
    noise = 0.05 * np.random.default_rng(9).standard_normal(24)
    table = pd.DataFrame(x, columns=names).assign(loss=np.exp(x @ [0.8, 0.7, 0.6, 0.5, 0.1, 0.0, 0.0] + noise))
    found = qs.analyze(table, response="loss", direction="minimize", factors=names)
    assert found.ranked.scale is not None
    assert (found.ranked.scale.stretched, found.ranked.scale.transform) == ("lower", "log")
    text = analysis_text(found)
    assert "scale    loss is simpler with its lower end stretched" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    record = found.to_dict()["ranking_scale"]
    assert [row["scale"] for row in record["scales"]] == list(NAMES)
    assert sum(row["probability"] for row in record["scales"]) == pytest.approx(1.0)
    assert record["words"] in " ".join(text.split())
    logged = qs.analyze(table, response="loss", direction="minimize", factors=names, transform="log")
    assert "scale    " not in analysis_text(logged)
