"""The stages of a trial: one solver with its net, or a chain of them in which each starts from weights of earlier ones.

A study without ``[[stage]]`` has one stage, without a name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from caffe_runner.caffe.prototxt import CaffeMessage, read_net, read_solver
from caffe_runner.errors import StudyError
from caffe_runner.study.mistakes import KeyPath, Places
from caffe_runner.study.schema import StudySpec
from qim_stats.factors import nearest

_ONE_NET = "Caffe's runs here read one net file for training and testing"


@dataclass(frozen=True)
class Stage:
    """One call of ``caffe train`` within a trial.

    Parameters
    ----------
    name : str
        Its name; empty for the only stage of a study without ``[[stage]]``.
    solver_path, net_path : Path
        Its files.
    solver, net : SolverParameter, NetParameter
        What they hold; to be copied before anything is set.
    weights : tuple of str
        The earlier stages whose final weights it starts from, as they are handed to Caffe: of layers that several hold,
        the last one counts.
    """

    name: str
    solver_path: Path
    net_path: Path
    solver: CaffeMessage
    net: CaffeMessage
    weights: tuple[str, ...] = ()

    def copy(self) -> Stage:
        """Return the same stage with a solver and a net of its own."""
        return replace(self, solver=_copy(self.solver), net=_copy(self.net))


def read_stages(spec: StudySpec, folder: Path, places: Places) -> tuple[Stage, ...]:
    """Read the solvers and nets that a study file names.

    Parameters
    ----------
    spec : StudySpec
        What the file says.
    folder : Path
        The folder it is in.
    places : Places
        Its lines.

    Returns
    -------
    tuple of Stage
        In the order in which they are trained; the last one measures the response.

    Raises
    ------
    StudyError
        If the file names no solver, or one beside its stages; if a file is not there, two stages have one name, a stage
        starts from one that does not come before it, or none starts from a stage that is not the last.
    PrototxtError
        If a solver or a net cannot be read.
    """
    if not spec.stage:
        if spec.solver is None:
            raise StudyError("the study file has no 'solver'", where=places.where("solver"), remedy="add solver = ...")
        return (_read(_Named("", spec.solver, spec.net, (), (), folder, places)),)
    for key in ("solver", "net"):
        if getattr(spec, key) is not None:
            raise StudyError(
                f"the study file has {key!r} beside its stages",
                where=places.where(key),
                remedy=f"leave it out: each [[stage]] names its own {key}",
            )
    stages: list[Stage] = []
    for number, declared in enumerate(spec.stage):
        earlier = [stage.name for stage in stages]
        if declared.name in earlier:
            raise StudyError(
                f"there are two stages {declared.name!r}",
                where=places.where("stage", number, "name"),
                remedy="give each a name of its own",
            )
        weights = declared.weights if declared.weights is not None else tuple(earlier[-1:])
        for name in weights:
            if name not in earlier:
                raise StudyError(
                    f"stage {declared.name!r} cannot start from {name!r}, which is no stage before it",
                    where=places.where("stage", number, "weights"),
                    remedy=nearest(name, earlier) if earlier else "leave out weights: the first stage starts cold",
                )
        stages.append(
            _read(_Named(declared.name, declared.solver, declared.net, weights, ("stage", number), folder, places))
        )
    used = {name for stage in stages for name in stage.weights}
    for number, stage in enumerate(stages[:-1]):
        if stage.name not in used:
            raise StudyError(
                f"stage {stage.name!r} is trained for nothing, as no later stage starts from it",
                where=places.where("stage", number),
                remedy="name it in the weights of a later stage, or leave it out",
            )
    return tuple(stages)


@dataclass(frozen=True, slots=True)
class _Named:
    """What the study file says of a stage, and where."""

    name: str
    solver: str
    net: str | None
    weights: tuple[str, ...]
    path: KeyPath
    folder: Path
    places: Places

    def where(self, key: str) -> str:
        return self.places.where(*self.path, key)


def _read(named: _Named) -> Stage:
    solver_path = named.folder / named.solver
    _check_file(solver_path, named.where("solver"))
    solver = read_solver(solver_path)
    net_path = _find_net(named, solver_path, solver)
    return Stage(named.name, solver_path, net_path, solver, read_net(net_path), named.weights)


def _check_file(path: Path, where: str) -> None:
    if not path.is_file():
        problem = "is no file" if path.exists() else "is not there"
        raise StudyError(f"{path} {problem}", where=where, remedy="give a path relative to the study file")


def _find_net(named: _Named, solver_path: Path, solver: CaffeMessage) -> Path:
    for field in ("train_net", "test_net", "net_param", "train_net_param", "test_net_param"):
        value = getattr(solver, field)
        given = len(value) > 0 if field.startswith("test") else solver.HasField(field)
        if given:
            raise StudyError(
                f"the solver has {field}; {_ONE_NET}",
                where=str(solver_path),
                remedy="put both phases into one net file, with include { phase: ... }, and name it by net",
            )
    if named.net is not None:
        _check_file(named.folder / named.net, named.where("net"))
        return named.folder / named.net
    where = named.where("solver")
    if not solver.net:
        raise StudyError("neither the study file nor its solver names a net", where=where, remedy='add net = "..."')
    # Caffe's own examples name the net from the folder that Caffe is started in, which lies above the solver's.
    net = Path(solver.net)
    for start in (named.folder, *solver_path.absolute().parents):
        if (start / net).is_file():
            return start / net
    raise StudyError(f"the solver's net {solver.net!r} is not there", where=where, remedy='add net = "..."')


def _copy(message: CaffeMessage) -> CaffeMessage:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
