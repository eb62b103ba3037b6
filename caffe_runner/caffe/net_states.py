"""Which layers of a net are there in which phase: Caffe's include and exclude rules."""

from __future__ import annotations

from enum import IntEnum

from caffe_runner.caffe.layers import Layer, layers_of
from caffe_runner.caffe.prototxt import CaffeMessage, message_class


class Phase(IntEnum):
    """Caffe's two phases, with its own numbers."""

    TRAIN = 0
    TEST = 1


def state_of(solver: CaffeMessage, net: CaffeMessage, phase: Phase, test_net: int = 0) -> CaffeMessage:
    """Return the state a net is built for, as Caffe's solver puts it together (solver.cpp, InitTrainNet, InitTestNets).

    Parameters
    ----------
    solver : SolverParameter
        Its ``train_state`` or ``test_state`` has the last word.
    net : NetParameter
        Its ``state`` comes before that.
    phase : Phase
        The phase, where neither says otherwise.
    test_net : int, default 0
        Which of the solver's test nets.

    Returns
    -------
    NetState
    """
    state: CaffeMessage = message_class("NetState")()
    state.phase = int(phase)
    state.MergeFrom(net.state)
    if phase is Phase.TRAIN:
        state.MergeFrom(solver.train_state)
    elif test_net < len(solver.test_state):
        state.MergeFrom(solver.test_state[test_net])
    return state


def active_layers(solver: CaffeMessage, net: CaffeMessage, phase: Phase, test_net: int = 0) -> list[Layer]:
    """List the layers that are there in a phase (net.cpp, FilterNet).

    Parameters
    ----------
    solver, net : SolverParameter, NetParameter
        The solver and its net.
    phase : Phase
        The phase.
    test_net : int, default 0
        Which of the solver's test nets.

    Returns
    -------
    list of Layer
        In the order of the file.
    """
    state = state_of(solver, net, phase, test_net)
    return [layer for layer in layers_of(net) if _is_there(layer.message, state)]


def _is_there(layer: CaffeMessage, state: CaffeMessage) -> bool:
    if layer.include:
        return any(_meets(rule, state) for rule in layer.include)
    return not any(_meets(rule, state) for rule in layer.exclude)


def _meets(rule: CaffeMessage, state: CaffeMessage) -> bool:
    stages = set(state.stage)
    return (
        (not rule.HasField("phase") or rule.phase == state.phase)
        and (not rule.HasField("min_level") or state.level >= rule.min_level)
        and (not rule.HasField("max_level") or state.level <= rule.max_level)
        and stages.issuperset(rule.stage)
        and stages.isdisjoint(rule.not_stage)
    )
