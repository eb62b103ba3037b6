"""States told apart from how the process ended and what its log says."""

import pytest

from caffe_runner.caffe.log import CaffeLog
from caffe_runner.caffe.nets import chance_level
from caffe_runner.caffe.prototxt import parse_text
from caffe_runner.engines.base import Ending, Exit
from caffe_runner.judge import Expectation, judge
from caffe_runner.trial import AT_CHANCE, TrialState

LAST_TEST = (
    "I1 x] Iteration 100, Testing net (#0)\n"
    "I1 x]     Test net output #0: accuracy = {accuracy}\n"
    "I1 x]     Test net output #1: loss = {loss} (* 1 = {loss} loss)\n"
)
EXPECTED = Expectation("accuracy", 100, 60.0, None)


def log_of(text: str) -> CaffeLog:
    log = CaffeLog()
    for line in text.splitlines():
        log.feed(line)
    return log


def test_a_trial_with_its_last_test_pass_is_done() -> None:
    result = judge(Exit(Ending.EXITED, 2.5, 0), log_of(LAST_TEST.format(accuracy=0.8, loss=0.5)), EXPECTED)
    assert (result.state, result.reason, result.seconds, result.exit_code) == (TrialState.DONE, "", 2.5, 0)
    assert result.metrics == {"accuracy": 0.8, "loss": 0.5}


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        (Exit(Ending.EXITED, 1.0, 0), TrialState.DIVERGED),
        (Exit(Ending.EXITED, 1.0, 134), TrialState.DIVERGED),
        (Exit(Ending.DEADLINE, 60.0, None), TrialState.DIVERGED),
        (Exit(Ending.STOPPED, 1.0, None), TrialState.DIVERGED),
    ],
)
def test_a_loss_that_is_no_number_is_divergence_however_the_process_ended(ended: Exit, state: TrialState) -> None:
    result = judge(ended, log_of(LAST_TEST.format(accuracy=1, loss="-nan")), EXPECTED)
    assert result.state is state
    assert result.metrics == {}


@pytest.mark.parametrize(
    ("ended", "state", "word"),
    [
        (Exit(Ending.EXITED, 1.0, 134), TrialState.FAILED, "Check failed: x"),
        (Exit(Ending.DEADLINE, 60.0, None), TrialState.TIMEOUT, "60 s"),
        (Exit(Ending.OUT_OF_MEMORY, 1.0, 137), TrialState.OOM, "out of memory"),
        (Exit(Ending.KILLED, 1.0, None), TrialState.KILLED, "killed from outside"),
    ],
)
def test_a_finished_pass_does_not_make_a_bad_end_good(ended: Exit, state: TrialState, word: str) -> None:
    log = log_of(LAST_TEST.format(accuracy=0.8, loss=0.5) + "F1 x.cpp:1] Check failed: x\n")
    result = judge(ended, log, EXPECTED)
    assert result.state is state
    assert word in result.reason
    assert result.metrics == {}


def test_a_clean_end_without_the_last_test_pass_is_a_failure() -> None:
    expected = Expectation("accuracy", 200, 60.0, None)
    result = judge(Exit(Ending.EXITED, 1.0, 0), log_of(LAST_TEST.format(accuracy=0.8, loss=0.5)), expected)
    assert result.state is TrialState.FAILED
    assert "no last test pass" in result.reason


@pytest.mark.parametrize(("accuracy", "reason"), [(0.13, AT_CHANCE), (0.2, "")])
def test_a_net_that_never_learned_is_marked_but_done(accuracy: float, reason: str) -> None:
    net = parse_text(
        "NetParameter",
        'layer { name: "d" type: "Data" top: "x" top: "y" data_param { source: "s" batch_size: 100 } }'
        'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 10 } }'
        'layer { name: "a" type: "Accuracy" bottom: "ip" bottom: "y" top: "accuracy" include { phase: TEST } }'
        'layer { name: "l" type: "SoftmaxWithLoss" bottom: "ip" bottom: "y" top: "loss" }',
        "net",
    )
    solver = parse_text("SolverParameter", "test_iter: 5 max_iter: 100 test_interval: 100", "solver")
    chance = chance_level(solver, net, "accuracy")
    # 0.1 + 3 sqrt(0.1 0.9 / 500) = 0.1402
    result = judge(
        Exit(Ending.EXITED, 1.0, 0),
        log_of(LAST_TEST.format(accuracy=accuracy, loss=2.3)),
        Expectation("accuracy", 100, 60.0, chance),
    )
    assert (result.state, result.reason) == (TrialState.DONE, reason)
    assert result.metrics["accuracy"] == accuracy


def test_a_response_that_is_no_number_is_divergence_though_it_is_no_loss() -> None:
    result = judge(Exit(Ending.EXITED, 1.0, 0), log_of(LAST_TEST.format(accuracy="nan", loss=0.5)), EXPECTED)
    assert (result.state, result.metrics) == (TrialState.DIVERGED, {})
    assert "accuracy is nan at iteration 100" in result.reason


def test_another_output_that_is_no_number_is_left_out() -> None:
    log = log_of(LAST_TEST.format(accuracy=0.8, loss=0.5) + "I1 x]     Test net output #2: extra = inf\n")
    result = judge(Exit(Ending.EXITED, 1.0, 0), log, EXPECTED)
    assert (result.state, result.metrics) == (TrialState.DONE, {"accuracy": 0.8, "loss": 0.5})
