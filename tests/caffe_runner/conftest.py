"""Studies on disk, to be spoilt by tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "analysis"

Change = tuple[str, str]


@pytest.fixture(scope="session")
def analysis() -> Path:
    """The folder of the recorded studies."""
    return ROOT


@pytest.fixture
def write_study(tmp_path: Path) -> Callable[..., Path]:
    """Write the LeNet study with changes of text: each file takes (old, new) pairs, and the old must be there."""

    def changed(name: str, changes: tuple[Change, ...]) -> str:
        text = (ROOT / "lenet_fashion" / name).read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        return text

    def write(*study: Change, solver: tuple[Change, ...] = (), net: tuple[Change, ...] = ()) -> Path:
        (tmp_path / "solver.prototxt").write_text(changed("solver.prototxt", solver))
        (tmp_path / "net.prototxt").write_text(changed("net.prototxt", net))
        path = tmp_path / "study.toml"
        path.write_text(changed("screen.toml", study))
        return path

    return write
