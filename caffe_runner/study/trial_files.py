"""The solver and the net of one trial, as Caffe is to read them inside a container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caffe_runner.caffe.net_states import Phase, active_layers
from caffe_runner.caffe.nets import Chance, chance_level
from caffe_runner.caffe.prototxt import CaffeMessage, message_class, write_text
from caffe_runner.errors import StudyError
from caffe_runner.study.study_file import Study
from qim_stats.factors import Level, nearest

_DISPLAYS = 10


@dataclass(frozen=True, slots=True)
class TrialFiles:
    """What a trial runs, and what its log is to show.

    Parameters
    ----------
    solver, net : str
        The two files, in text format.
    max_iter : int
        The last iteration, at which the last test pass is due. The test net is always number 0.
    chance : Chance or None
        When the trial counts as never having learned.
    """

    solver: str
    net: str
    max_iter: int
    chance: Chance | None


def apply_levels(study: Study, levels: Mapping[str, Level]) -> tuple[CaffeMessage, CaffeMessage]:
    """Copy a study's solver and net with a trial's levels in place.

    Parameters
    ----------
    study : Study
        The study.
    levels : mapping of str to level
        A level for each of some or all of the factors.

    Returns
    -------
    SolverParameter, NetParameter

    Raises
    ------
    StudyError
        If there is no such factor, a target reaches nothing, or a field takes no such level.
    """
    solver, net = study.solver_message(), study.net_message()
    factors = {factor.name: factor for factor in study.factor_specs}
    for name in levels:
        if name not in factors:
            raise StudyError(f"there is no factor {name!r}", where=str(study.path), remedy=nearest(name, factors))
    # All targets are followed before any field is set: what one factor changes must not decide what another reaches.
    found = [(factors[name], level, factors[name].places(solver, net)) for name, level in levels.items()]
    for factor, level, places in found:
        for place in places:
            place.put(level, factor.where_level(level))
    return solver, net


def materialize(
    study: Study, levels: Mapping[str, Level], seed: int, net_path: str, data_paths: Mapping[str, str]
) -> TrialFiles:
    """Write the solver and the net of one trial.

    Parameters
    ----------
    study : Study
        The study.
    levels : mapping of str to level
        The trial's level of every factor.
    seed : int
        Its ``random_seed``.
    net_path : str
        Where the container sees the net.
    data_paths : mapping of str to str
        Where it sees the LMDB folders ``"train"`` and ``"test"``.

    Returns
    -------
    TrialFiles
        With the one test net that the response is read from, no snapshots, and the CPU.

    Raises
    ------
    StudyError
        If a level cannot be put in place.
    """
    solver, net = apply_levels(study, levels)
    chance = chance_level(solver, net, study.response, study.test_net)
    for phase, name in ((Phase.TRAIN, "train"), (Phase.TEST, "test")):
        for layer in active_layers(solver, net, phase, study.test_net):
            if layer.type == "Data":
                parameters = layer.message.data_param
                parameters.source = data_paths[name]
                parameters.backend = parameters.LMDB
    net.debug_info = False
    _settle(solver, study.test_net)
    solver.net = net_path
    solver.random_seed = seed
    return TrialFiles(write_text(solver), write_text(net), solver.max_iter, chance)


def _settle(solver: CaffeMessage, test_net: int) -> None:
    """Set what is the same in every trial: one test net, the CPU, some display, nothing written."""
    solver.test_iter[:] = [solver.test_iter[test_net]]
    if solver.test_state:
        state = message_class("NetState")()
        state.CopyFrom(solver.test_state[test_net])
        del solver.test_state[:]
        solver.test_state.append(state)
    solver.solver_mode = solver.CPU
    solver.snapshot = 0
    solver.snapshot_after_train = False
    solver.debug_info = False
    for field in ("snapshot_prefix", "snapshot_diff", "snapshot_format", "device_id"):
        solver.ClearField(field)
    if solver.display <= 0:
        solver.display = max(1, solver.max_iter // _DISPLAYS)
