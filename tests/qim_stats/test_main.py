"""``python -m qim_stats`` before its command line is there."""

from __future__ import annotations

import runpy
import sys
from types import ModuleType

import pytest


class Interrupted(ModuleType):
    """A module whose loading is interrupted by the user."""

    def __getattr__(self, name: str) -> object:
        raise KeyboardInterrupt


def test_an_interrupt_while_modules_are_loaded_is_status_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "qim_stats.cli", Interrupted("qim_stats.cli"))
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("qim_stats", run_name="__main__")
    assert stop.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"
