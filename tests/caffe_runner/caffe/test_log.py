"""Lines as real Caffe builds print them; both glog prefixes, both forms of the iteration line."""

import math

import pytest

from caffe_runner.caffe.log import CaffeLog

FINISHED = """\
I20261123 19:04:21.682009 7 solver.cpp:341] Iteration 0, Testing net (#0)
I20261123 19:04:21.982009 7 solver.cpp:409]     Test net output #0: accuracy = 0.1015
I20261123 19:04:21.982019 7 solver.cpp:409]     Test net output #1: loss = 2.39 (* 1 = 2.39 loss)
I20261123 19:04:22.001000 7 solver.cpp:239] Iteration 0 (-2.38221e-44 iter/s, 0.3s/50 iters), loss = 2.41
I20261123 19:04:22.001010 7 solver.cpp:258]     Train net output #0: loss = 2.41 (* 1 = 2.41 loss)
I20261123 19:04:24.001000 7 solver.cpp:239] Iteration 50 (120.482 iter/s, 0.415s/50 iters), loss = 0.781
I20261123 19:04:26.001000 7 solver.cpp:347] Iteration 100, loss = 0.512
I20261123 19:04:26.001000 7 solver.cpp:341] Iteration 100, Testing net (#0)
I20261123 19:04:26.482009 7 solver.cpp:409]     Test net output #0: accuracy = 0.8213
I20261123 19:04:26.482019 7 solver.cpp:409]     Test net output #1: loss = 0.4807 (* 1 = 0.4807 loss)
I20261123 19:04:26.482029 7 solver.cpp:332] Optimization Done.
"""


def read(text: str) -> CaffeLog:
    log = CaffeLog()
    for line in text.splitlines():
        log.feed(line)
    return log


def test_metrics_come_from_the_last_test_pass() -> None:
    log = read(FINISHED)
    assert log.last_test(0, 100) == {"accuracy": 0.8213, "loss": 0.4807}
    assert log.iteration == 100
    assert log.loss == 0.512
    assert not log.diverged


def test_an_earlier_test_pass_is_not_taken_for_the_last() -> None:
    assert read(FINISHED).last_test(0, 200) == {}


def test_train_outputs_are_not_test_outputs() -> None:
    log = read(FINISHED.replace("Test net output", "Train net output"))
    assert log.last_test(0, 100) == {}


def test_each_test_net_has_its_own_outputs() -> None:
    second = FINISHED.replace("(#0)", "(#1)").replace("0.8213", "0.7")
    log = read(FINISHED + second)
    assert log.last_test(0, 100)["accuracy"] == 0.8213
    assert log.last_test(1, 100)["accuracy"] == 0.7


def test_outputs_of_several_values_are_numbered() -> None:
    log = read(
        "I1 x] Iteration 10, Testing net (#0)\n"
        "I1 x]     Test net output #0: per_class = 0.5\n"
        "I1 x]     Test net output #1: per_class = 0.75\n"
    )
    assert log.last_test(0, 10) == {"per_class[0]": 0.5, "per_class[1]": 0.75}


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-inf"])
def test_divergence_is_judged_by_the_loss_not_by_a_perfect_accuracy(value: str) -> None:
    log = read(
        "I1123 19:16:34.297477 7 solver.cpp:341] Iteration 100, Testing net (#0)\n"
        "I1123 19:16:34.297477 7 solver.cpp:409]     Test net output #0: accuracy = 1\n"
        f"I1123 19:16:34.297477 7 solver.cpp:409]     Test net output #1: loss = {value} (* 1 = {value} loss)\n"
    )
    assert "test output loss" in log.diverged
    assert "iteration 100" in log.diverged


def test_a_training_loss_that_is_not_a_number_is_divergence() -> None:
    log = read("I1123 19:16:34.297477 7 solver.cpp:239] Iteration 20 (3.1 iter/s, 3s/10 iters), loss = -nan\n")
    assert log.diverged
    assert log.loss is not None
    assert math.isnan(log.loss)


def test_a_large_but_finite_loss_is_not_divergence() -> None:
    assert not read("I1 x] Iteration 20, loss = 87.3365\nI1 x] Iteration 30, loss = 1.2e+30\n").diverged


def test_the_first_fatal_message_is_kept() -> None:
    log = read(
        "F1124 03:18:00.0 9 io.cpp:36] Check failed: fd != -1 (-1 vs. -1) File not found: x\n"
        "*** Check failure stack trace: ***\n"
    )
    assert log.fatal == "Check failed: fd != -1 (-1 vs. -1) File not found: x"


def test_the_last_of_several_passes_at_one_iteration_counts_whole() -> None:
    log = read(FINISHED + "I1 x] Iteration 100, Testing net (#0)\n")
    assert log.last_test(0, 100) == {}
