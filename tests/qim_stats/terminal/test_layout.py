"""Paragraphs, tables and help stay within 80 columns, whatever factors are called."""

from __future__ import annotations

import unicodedata

import pytest

from qim_stats.cli import main
from qim_stats.terminal.layout import table_lines, wrap


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@pytest.mark.parametrize("name", ["lr", "learning rate (initial)", "layers[0].weight_filler", "学习率衰减系数的初始值"])
def test_a_wide_table_cuts_the_names(name: str) -> None:
    numbers = ["-0.0001234", "by noise", "P(1st)", "P(top 3)", "active", "QIM rank"]
    lines = table_lines(["factor", *numbers], [[name, *numbers], ["b", *numbers]])
    assert max(map(columns, lines)) <= 80
    assert len(set(map(columns, lines))) == 1
    assert lines[1].startswith(name if columns(name) < 20 else name[:9])
    assert ("…" in lines[1]) == (columns(name) > 22)


def test_wide_characters_count_twice_in_a_paragraph() -> None:
    text = " ".join(["学习率衰减系数", "and", "批量大小"] * 20)
    lines = wrap(text, "note     ", " " * 9)
    assert max(map(columns, lines)) <= 80
    assert " ".join(line[9:] for line in lines) == text


@pytest.mark.parametrize("verb", ["", "design", "analyze", "validate", "combine", "power", "augment"])
def test_help_has_an_example_within_eighty_columns(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "82")  # argparse leaves two columns free
    with pytest.raises(SystemExit):
        main([verb, "--help"] if verb else ["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert "example:" in lines
    assert max(map(columns, lines)) <= 80
