"""Designs of any number of factors, and R's numbers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qim_stats.factors import Factor

REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture(scope="session")
def reference() -> Any:
    """What ``Rscript power.R`` printed."""
    return json.loads((REFERENCE / "power.json").read_text())


@pytest.fixture(scope="session")
def named() -> Callable[[int], list[Factor]]:
    """Factors x1, x2, ... with levels -1 and 1."""
    return lambda k: [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]
