import io

from rich.console import Console

from caffe_runner.progress import Tally, clock, reporter
from caffe_runner.trial import Trial, TrialResult, TrialState

TRIAL = Trial(number=7, run=7, replicate=1, block=1, order=1, seed=1, levels={})


def done(value: float, seconds: float = 2.0) -> TrialResult:
    return TrialResult(TrialState.DONE, "", seconds, 0, {"loss": value})


def test_the_best_response_follows_the_direction() -> None:
    small = Tally("loss", maximize=False, total=3, jobs=1)
    large = Tally("loss", maximize=True, total=3, jobs=1)
    for value in (0.5, 0.2, 0.9):
        small.add(done(value))
        large.add(done(value))
    assert (small.best, large.best) == (0.2, 0.9)


def test_the_expected_time_is_that_of_the_trials_left_shared_by_the_jobs() -> None:
    tally = Tally("loss", maximize=True, total=10, jobs=2, earlier=[done(0.1, 4.0)])
    assert tally.expected == 9 * 4.0 / 2
    tally.add(TrialResult(TrialState.TIMEOUT, "", 8.0, None))
    assert tally.expected == 8 * 6.0 / 2


def test_without_a_terminal_each_trial_is_one_plain_line_with_names_as_text() -> None:
    out = io.StringIO()
    tally = Tally("[red]a\nb", maximize=True, total=2, jobs=1)
    with reporter(tally, Console(file=out, width=80)) as shown:
        shown.tick()
        shown.finished(TRIAL, TrialResult(TrialState.DONE, "", 1.25, 0, {"[red]a\nb": 0.5}))
        shown.finished(TRIAL, TrialResult(TrialState.DIVERGED, "loss is nan", 1.0, 134))
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("[1/2] trial 7 done [red]a\\nb 0.5 in 1.2 s; best [red]a\\nb 0.5; ")
    assert lines[1].startswith("[2/2] trial 7 diverged (loss is nan) in 1.0 s; ")


def test_on_a_terminal_the_bar_shows_counts_and_the_best() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None)
    with reporter(Tally("loss", maximize=False, total=2, jobs=1), console) as shown:
        shown.finished(TRIAL, done(0.25))
        shown.finished(TRIAL, TrialResult(TrialState.FAILED, "[bold]no[/bold] such file", 1.0, 1))
    assert "2/2" in out.getvalue()
    assert "best loss 0.25" in out.getvalue()
    assert "trial 7 failed ([bold]no[/bold] such file)" in out.getvalue()


def test_durations() -> None:
    assert [clock(s) for s in (0.4, 59.6, 61, 3725)] == ["0:00", "1:00", "1:01", "1:02:05"]
