"""Aliases and tipping points on a terminal of 80 columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

import qim_stats as qs
from qim_stats.model.alias_matrix import alias_matrix, coded_model
from qim_stats.model.aliasing import alias_status
from qim_stats.model.tipping_point import tipping_points
from qim_stats.terminal.aliases import alias_lines


def told(names: list[str], *, folded: bool = False, terms: list[str] | None = None) -> list[str]:
    coded = qs.plackett_burman([qs.Factor(n, 0, 1) for n in names], runs=12, seed=0).coded[names].astype(float)
    if folded:
        coded = pd.concat([coded, -coded], ignore_index=True)
    effects = pd.Series(np.arange(1.0, len(names) + 1.0), index=names)
    aliases = alias_matrix(coded_model(coded), coded)
    tipping = tipping_points(aliases, effects, margins=effects * 0.0 + 0.5)
    return alias_lines(alias_status(aliases), tipping, terms=terms)


def test_each_effect_has_a_row_and_its_tipping_points() -> None:
    lines = told(["a", "b", "c", "d"])
    row = next(line for line in lines if line.startswith("d "))
    # 4 / (1/3) = 12 in units of 4; 3.5 / (1/3) likewise; d and c meet at the smallest interaction that moves both.
    assert row.split()[:6] == ["d", "3,", "at", "most", "0.3333", "3"]
    assert row.split()[6] == "2.6"
    assert sum("would account for all of" in line for line in lines) == 4
    assert any(line.startswith("a: partly confounded, with ") for line in lines)


def test_lines_fit_the_screen_whatever_the_names() -> None:
    names = [f"a_very_long_name_of_a_hyperparameter_{i}" for i in range(8)]
    lines = told(names)
    words = [word for line in lines for word in line.split()]
    assert max(len(word) for word in words) > 70  # the interactions' names alone nearly fill a line
    assert all(len(line) <= 80 or max(len(word) for word in line.split()) > 70 for line in lines)
    assert all(len(line) <= 80 for line in told(["base_lr", "momentum", "weight_decay", "batch_size", "filters"]))


def test_only_the_terms_asked_for_are_told() -> None:
    lines = told(["a", "b", "c", "d"], terms=["d"])
    assert [line[:2] for line in lines if line.startswith(tuple("abcd"))] == ["d ", "d:"]
    assert told(["a", "b", "c", "d"], terms=[]) == []


def test_clear_effects_have_a_word_and_no_sentences() -> None:
    lines = told(["a", "b", "c", "d"], folded=True)
    assert sum(line.split()[1:] == ["clear", "-", "-", "-"] for line in lines) == 4
    assert not any("would" in line for line in lines)
