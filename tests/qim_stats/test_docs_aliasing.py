"""The worked example of docs/aliasing.md prints what the page says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def test_the_worked_example_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "aliasing.md").read_text(encoding="utf-8")
    steps = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", page, flags=re.DOTALL)
    assert len(steps) == 2
    names: dict[str, Any] = {}
    for code, expected in steps:
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(code, names)  # noqa: S102  our own page
        assert shown.getvalue() == expected
