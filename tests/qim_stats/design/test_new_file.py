from __future__ import annotations

from pathlib import Path

import pytest

from qim_stats.design.new_file import write_new
from qim_stats.errors import DesignError


def test_writes_utf8_bytes(tmp_path: Path) -> None:
    write_new({tmp_path / "a": "é\n"})
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\n"


def test_writes_nothing_when_one_file_differs(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("old")
    with pytest.raises(DesignError) as error:
        write_new({tmp_path / "a": "new", tmp_path / "b": "new"})
    assert error.value.where == str(tmp_path / "b")
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "b").read_text() == "old"


def test_takes_back_what_it_wrote_when_a_later_file_fails(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("same")
    with pytest.raises(DesignError, match="cannot write"):
        write_new({tmp_path / "kept": "same", tmp_path / "a": "new", tmp_path / "none" / "b": "new"})
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="there already"):
        write_new({tmp_path: "text"})
