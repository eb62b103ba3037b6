"""Files are replaced whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from qim_stats.errors import QimError
from qim_stats.output import write_text
from qim_stats.plain import plain, to_json


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_nothing_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    write_text(path, "néw\n")
    assert path.read_bytes() == "néw\n".encode()
    assert files(tmp_path) == ["out.txt"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_text("/dev/null", "text")
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("name", ["missing/out.txt", ".", "a\0b", "x" * 300])
def test_what_cannot_be_written_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(QimError) as caught:
        write_text(tmp_path / name, "text")
    assert "cannot be written" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == []


def test_a_failure_half_way_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(QimError):
        write_text(path, "a lone surrogate \ud800")
    assert path.read_text() == "old"
    assert files(tmp_path) == ["out.txt"]


def test_what_json_does_not_know_becomes_null() -> None:
    assert plain({"a": [float("nan"), float("inf"), 1.5], 2: (None, True)}) == {
        "a": [None, None, 1.5],
        "2": [None, True],
    }
    assert to_json({"é": float("-inf")}) == '{\n  "é": null\n}\n'
