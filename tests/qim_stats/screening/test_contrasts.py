"""Contrasts: orthogonal and complete where there is one such set, a reason where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.screening.contrasts import Contrasts, find_contrasts
from qim_stats.screening.spare_columns import complete
from qim_stats.trials import Trials


def trials_of(design: qs.Design, *, with_dummies: bool, drop: int | None = None) -> Trials:
    table = design.natural()
    names = [f.name for f in design.factors]
    kept = ["run", "replicate", "block", *names, *(design.dummies if with_dummies else ())]
    table = table[kept].assign(y=np.arange(len(table)) ** 2 * 1.0)
    if drop is not None:
        table = table.drop(index=[drop])
    # A design by itself is no metadata: without --factors, e1, e2, ... are known by their name and values.
    return qs.read_trials(table, response="y", direction="maximize")


def factors(k: int) -> list[qs.Factor]:
    return [qs.Factor(f"x{i}", 0.1, 0.2) for i in range(k)]


def check_complete(found: Contrasts | str, n: int, nuisance: int = 1) -> Contrasts:
    assert isinstance(found, Contrasts), found
    assert found.matrix.shape == (n, n - nuisance)
    assert len(set(found.names)) == n - nuisance
    gram = found.matrix.T @ found.matrix
    assert np.abs(gram - n * np.eye(n - nuisance)).max() < 1e-9
    assert np.abs(found.matrix.sum(axis=0)).max() < 1e-9
    return found


@pytest.mark.parametrize(("runs", "k"), [(12, 5), (12, 7), (12, 11), (20, 12), (24, 16)])
def test_spare_columns_are_taken_or_rebuilt(runs: int, k: int) -> None:
    design = qs.plackett_burman(factors(k), runs=runs, seed=1)
    held = check_complete(find_contrasts(trials_of(design, with_dummies=True)), runs)
    rebuilt = check_complete(find_contrasts(trials_of(design, with_dummies=False)), runs)
    assert held.rebuilt == ()
    assert len(rebuilt.rebuilt) == runs - 1 - k
    y = np.random.default_rng(0).standard_normal(runs)
    assert np.sort(np.abs(held.effects(y))) == pytest.approx(np.sort(np.abs(rebuilt.effects(y))))


def test_interactions_fill_a_full_factorial() -> None:
    design = qs.full_factorial(factors(3), seed=0)
    found = check_complete(find_contrasts(trials_of(design, with_dummies=False)), 8)
    assert set(found.names) == {"x0", "x1", "x2", "x0:x1", "x0:x2", "x1:x2", "x0:x1:x2"}


def test_one_interaction_stands_for_its_aliases_in_a_fraction() -> None:
    # 2^(4-1) with d = abc: ab = cd, ac = bd, bc = ad.
    base = qs.full_factorial(factors(3), seed=0).coded
    table = pd.DataFrame({name: base[f"x{i}"] for i, name in enumerate("abc")})
    table["d"] = table["a"] * table["b"] * table["c"]
    table["y"] = np.arange(8.0)
    found = find_contrasts(qs.read_trials(table, response="y", direction="maximize"))
    assert check_complete(found, 8).names == ("a", "b", "c", "d", "a:b", "a:c", "a:d")


def test_blocks_take_their_contrasts_away() -> None:
    # 2^3 in two blocks that are confounded with the three-factor interaction.
    table = qs.full_factorial(factors(3), seed=0).coded
    table["block"] = np.where(table["x0"] * table["x1"] * table["x2"] > 0, "first", "second")
    table["y"] = np.arange(8.0) ** 2
    trials = qs.read_trials(table, response="y", direction="maximize")
    assert trials.block == "block"
    found = check_complete(find_contrasts(trials), 8, nuisance=2)
    assert found.names == ("x0", "x1", "x2", "x0:x1", "x0:x2", "x1:x2")


@pytest.mark.parametrize(
    ("design", "drop", "reason"),
    [
        (qs.replicate(qs.plackett_burman(factors(5), seed=0), 2), None, "replicated"),
        (qs.plackett_burman(factors(7), runs=12, seed=0), 3, "orthogonal"),
        (qs.plackett_burman(factors(5), runs=28, seed=0), None, "do not follow"),
        (qs.plackett_burman(factors(3), runs=12, seed=0), None, "do not follow"),
        (qs.foldover(qs.plackett_burman(factors(11), runs=12, seed=0)), None, "do not follow"),
    ],
)
def test_reason_where_there_is_no_set(design: qs.Design, drop: int | None, reason: str) -> None:
    found = find_contrasts(trials_of(design, with_dummies=False, drop=drop))
    assert isinstance(found, str)
    assert reason in found


def test_completing_nothing_or_too_much_gives_none() -> None:
    assert complete(np.ones((4, 1))) is not None
    hadamard = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], dtype=float)
    assert complete(hadamard) is None
    assert complete(np.ones((40, 1))) is None


def test_rebuilt_columns_take_free_names() -> None:
    design = qs.plackett_burman(
        [qs.Factor(name, 0, 1) for name in ("e1", "b", "c", "d", "e", "f", "g")], runs=12, seed=0
    )
    table = design.natural()[["e1", "b", "c", "d", "e", "f", "g"]].assign(y=np.arange(12.0))
    found = find_contrasts(qs.read_trials(table, response="y", direction="maximize"))
    assert check_complete(found, 12).rebuilt == ("e2", "e3", "e4", "e5")


def test_centre_points_take_no_part_in_contrasts() -> None:
    base = qs.full_factorial(factors(3), seed=0).coded[["x0", "x1", "x2"]]
    y = np.random.default_rng(0).standard_normal(8)
    alone = find_contrasts(qs.read_trials(base.assign(y=y), response="y", direction="maximize"))
    assert isinstance(alone, Contrasts)
    trials = qs.read_trials(base.assign(y=y), response="y", direction="maximize")
    centre = pd.DataFrame(0.0, index=[8, 9], columns=trials.coded.columns)
    frame = pd.concat([trials.frame, trials.frame.iloc[:2].assign(y=5.0)], ignore_index=True)
    more = replace(
        trials,
        frame=frame,
        usable=np.ones(10, dtype=np.bool_),
        coded=pd.concat([trials.coded, centre]),
        y=np.append(y, [5.0, 6.0]),
    )
    found = find_contrasts(more)
    assert isinstance(found, Contrasts)
    assert (found.matrix[8:] == 0.0).all()
    assert found.trials == 8
    assert found.effects(more.y).tolist() == pytest.approx(alone.effects(y).tolist())
