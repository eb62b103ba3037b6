"""A notice stands at the top of what is printed and of the report, as text."""

from pathlib import Path

import pytest

from qim_stats.cli import main

TABLE = Path(__file__).parent.parent.parent.parent / "analysis" / "lenet_fashion" / "screen.csv"


def test_a_notice_comes_first_in_the_terminal_and_in_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    assert main(["analyze", str(TABLE), "--notice", "recorded <b>trials</b>", "--report", str(report)]) == 0
    assert capsys.readouterr().out.startswith("recorded <b>trials</b>\n\n")
    text = report.read_text()
    assert "recorded &lt;b&gt;trials&lt;/b&gt;" in text
    assert text.index("recorded &lt;b&gt;") < text.index("Ranking")
