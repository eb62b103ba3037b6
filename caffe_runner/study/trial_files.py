"""The solvers and the nets of one trial, as Caffe is to read them inside a container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from caffe_runner.caffe.net_states import Phase, active_layers
from caffe_runner.caffe.nets import Chance, chance_level
from caffe_runner.caffe.prototxt import CaffeMessage, message_class, write_text
from caffe_runner.engines.base import SCRATCH
from caffe_runner.errors import StudyError
from caffe_runner.study.stages import Stage
from caffe_runner.study.study_file import Study
from qim_stats.factors import Level, nearest

_DISPLAYS = 10


@dataclass(frozen=True, slots=True)
class StageFiles:
    """One call of ``caffe train``, and what its log is to show.

    Parameters
    ----------
    name : str
        The stage; empty where a trial has only one.
    solver, net : str
        The two files, in text format.
    max_iter : int
        The last iteration.
    weights : tuple of str
        Where the container sees the weights it starts from.
    """

    name: str
    solver: str
    net: str
    max_iter: int
    weights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialFiles:
    """What a trial runs, and what its logs are to show.

    Parameters
    ----------
    stages : tuple of StageFiles
        In the order they are run. At the last iteration of the last one the last test pass is due; its test net is
        always number 0.
    chance : Chance or None
        When the trial counts as never having learned.
    """

    stages: tuple[StageFiles, ...]
    chance: Chance | None


def apply_levels(study: Study, levels: Mapping[str, Level]) -> tuple[Stage, ...]:
    """Copy a study's stages with a trial's levels in place.

    Parameters
    ----------
    study : Study
        The study.
    levels : mapping of str to level
        A level for each of some or all of the factors.

    Returns
    -------
    tuple of Stage
        Each with a solver and a net of its own.

    Raises
    ------
    StudyError
        If there is no such factor, a target reaches nothing, or a field takes no such level.
    """
    stages = tuple(stage.copy() for stage in study.stages)
    factors = {factor.name: factor for factor in study.factor_specs}
    for name in levels:
        if name not in factors:
            raise StudyError(f"there is no factor {name!r}", where=str(study.path), remedy=nearest(name, factors))
    # All targets are followed before any field is set: what one factor changes must not decide what another reaches.
    found = [(factors[name], level, factors[name].places(stages)) for name, level in levels.items()]
    for factor, level, places in found:
        for place in places:
            place.put(level, factor.where_level(level))
    return stages


def materialize(
    study: Study, levels: Mapping[str, Level], seed: int, folder: str, data_paths: Mapping[str, str]
) -> TrialFiles:
    """Write the solvers and the nets of one trial.

    Parameters
    ----------
    study : Study
        The study.
    levels : mapping of str to level
        The trial's level of every factor.
    seed : int
        Its ``random_seed``, the same in every stage.
    folder : str
        Where the container sees the trial's files: of each stage of a chain in a folder of its name.
    data_paths : mapping of str to str
        Where it sees the LMDB folders ``"train"`` and ``"test"``.

    Returns
    -------
    TrialFiles
        On the CPU; the last stage with the one test net that the response is read from and without snapshots, the
        others with a snapshot at their end.

    Raises
    ------
    StudyError
        If a level cannot be put in place.
    """
    stages = apply_levels(study, levels)
    last = stages[-1]
    chance = chance_level(last.solver, last.net, study.response, study.test_net)
    written: dict[str, str] = {}
    files = []
    for stage in stages:
        solver = stage.solver
        tests = [study.test_net] if stage is last else range(len(solver.test_iter))
        _point_to_data(stage, tests, data_paths)
        stage.net.debug_info = False
        _settle(solver)
        if stage is last:
            _test_one(solver, study.test_net)
        else:
            solver.snapshot_after_train = True
            solver.snapshot_prefix = f"{SCRATCH}/{stage.name}"
            written[stage.name] = f"{solver.snapshot_prefix}_iter_{solver.max_iter}.caffemodel"
        solver.net = "/".join(filter(None, (folder, stage.name, "net.prototxt")))
        solver.random_seed = seed
        weights = tuple(written[name] for name in stage.weights)
        files.append(StageFiles(stage.name, write_text(solver), write_text(stage.net), solver.max_iter, weights))
    return TrialFiles(tuple(files), chance)


def _point_to_data(stage: Stage, tests: Iterable[int], data_paths: Mapping[str, str]) -> None:
    """Tell the data layers of both phases where their images are; of tests, only those that are run."""
    found = [(layer, "train") for layer in active_layers(stage.solver, stage.net, Phase.TRAIN)]
    for test_net in tests:
        found += [(layer, "test") for layer in active_layers(stage.solver, stage.net, Phase.TEST, test_net)]
    for layer, name in found:
        if layer.type == "Data":
            parameters = layer.message.data_param
            parameters.source = data_paths[name]
            parameters.backend = parameters.LMDB


def _settle(solver: CaffeMessage) -> None:
    """Set what is the same in every trial: the CPU, some display, nothing written."""
    solver.solver_mode = solver.CPU
    solver.snapshot = 0
    solver.snapshot_after_train = False
    solver.debug_info = False
    for field in ("snapshot_prefix", "snapshot_diff", "snapshot_format", "device_id"):
        solver.ClearField(field)
    if solver.display <= 0:
        solver.display = max(1, solver.max_iter // _DISPLAYS)


def _test_one(solver: CaffeMessage, test_net: int) -> None:
    """Leave the one test net that the response is read from."""
    solver.test_iter[:] = [solver.test_iter[test_net]]
    if solver.test_state:
        state = message_class("NetState")()
        state.CopyFrom(solver.test_state[test_net])
        del solver.test_state[:]
        solver.test_state.append(state)
