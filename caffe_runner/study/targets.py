"""A factor's target: the fields of a solver and its net that take the factor's level.

``data.FIELD`` is short for that field of the data layers. What only training sees (batch_size, rand_skip, mirror,
shuffle) is set for the TRAIN phase alone, so that every trial is tested alike; what changes the images themselves
(scale, mean_value, crop_size, ...) is set for every data layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from caffe_runner.caffe.layers import DATA_PARAMS, Layer, is_old, layers_of
from caffe_runner.caffe.net_states import Phase, active_layers
from caffe_runner.caffe.prototxt import CaffeMessage
from caffe_runner.errors import TargetError
from caffe_runner.study.places import Cursor, Place, reach
from caffe_runner.study.stages import Stage
from caffe_runner.study.target_grammar import Step, TargetPath, parse_target
from qim_stats.factors import Level, nearest

TRAIN_ONLY = ("batch_size", "rand_skip", "mirror", "shuffle")

_OWN_SEED = "gives every trial a seed of its own; to see how much seeds matter, use replicates"
_RUNS_ON_CPU = "runs every trial on the CPU"
_WRITES_NOTHING = "decides what snapshots a trial writes"
_OWN_NET = "writes every trial's own net"
_OWN_DATA = "tells the data layers where the data are; see [data]"
_SET_BY_RUNNER = {
    "SolverParameter.random_seed": _OWN_SEED,
    "SolverParameter.solver_mode": _RUNS_ON_CPU,
    "SolverParameter.device_id": _RUNS_ON_CPU,
    "SolverParameter.debug_info": "leaves debugging output out of the logs",
    **{
        f"SolverParameter.snapshot{rest}": _WRITES_NOTHING
        for rest in ("", "_prefix", "_diff", "_format", "_after_train")
    },
    **{f"SolverParameter.{name}": _OWN_NET for name in ("net", "train_net", "test_net")},
    "DataParameter.source": _OWN_DATA,
    "DataParameter.backend": _OWN_DATA,
}
_GIVEN_UP = frozenset(
    f"{message}.{field}"
    for message in ("DataParameter", "ImageDataParameter", "WindowDataParameter")
    for field in ("scale", "mean_file", "crop_size", "mirror")
)


class _NotReachedError(TargetError):
    """The field is not there, as opposed to one that may not be set."""


@dataclass(frozen=True)
class Target:
    """One target of a factor.

    Parameters
    ----------
    text : str
        As in the study file.
    where : str
        The factor's place in the study file, for errors.
    path : TargetPath
        The text, parsed.
    """

    text: str
    where: str
    path: TargetPath

    @classmethod
    def parse(cls, text: str, where: str) -> Target:
        """Parse the text of a target.

        Parameters
        ----------
        text : str
            The text, as in the study file.
        where : str
            The factor's place in the study file.

        Returns
        -------
        Target

        Raises
        ------
        TargetError
            If the text is no target.
        """
        return cls(text, where, parse_target(text, where))

    def places(self, solver: CaffeMessage, net: CaffeMessage) -> list[Place]:
        """Find the fields that this target reaches.

        Parameters
        ----------
        solver, net : SolverParameter, NetParameter
            The files; left as they are.

        Returns
        -------
        list of Place
            At least one.

        Raises
        ------
        TargetError
            If it reaches none, or one that the runner sets itself or Caffe does not read.
        """
        try:
            if self.path.root == "data":
                places = self._data_places(solver, net)
            else:
                root = solver if self.path.root == "solver" else net
                places = reach(Cursor(root, self.path.root, (self.path.root,), self.where), self.path.steps)
        except TargetError as error:
            raise _NotReachedError(
                f"target {self.text!r} reaches nothing: {error.problem}", where=self.where, remedy=error.remedy
            ) from error
        for place in places:
            self._check_effect(place, is_old(net))
        return places

    def places_in(self, stages: Sequence[Stage]) -> list[Place]:
        """Find the fields that this target reaches in the stages of a trial.

        Parameters
        ----------
        stages : sequence of Stage
            All of them; left as they are.

        Returns
        -------
        list of Place
            At least one. In a chain, paths and keys begin with the stage.

        Raises
        ------
        TargetError
            If the target does not say which of several stages, names none of them, or reaches nothing in the one it
            names or, with ``stage[*]``, in any.
        """
        places: list[Place] = []
        missed: list[TargetError] = []
        for stage in self._chosen(stages):
            try:
                found = self.places(stage.solver, stage.net)
            except _NotReachedError as error:
                missed.append(error)
                continue
            places += [_in_stage(place, stage) for place in found]
        # `*` means every stage that has the field, as with layers; a stage called by name must have it.
        if missed and not (places and self.path.stage and self.path.stage.kind == "every"):
            raise missed[0]
        return places

    def apply(self, level: Level, solver: CaffeMessage, net: CaffeMessage) -> int:
        """Set every field that this target reaches.

        Parameters
        ----------
        level : bool, int, float or str
            The level, with the type it has in the study file.
        solver, net : SolverParameter, NetParameter
            The files; changed.

        Returns
        -------
        int
            The number of fields set, at least one.

        Raises
        ------
        TargetError
            If no field is reached, or one takes no such level.
        """
        places = self.places(solver, net)
        for place in places:
            place.put(level, self.where)
        return len(places)

    def describe(self, solver: CaffeMessage, net: CaffeMessage) -> list[str]:
        """Name the fields that this target reaches, each by its full path."""
        return [place.path for place in self.places(solver, net)]

    def _chosen(self, stages: Sequence[Stage]) -> list[Stage]:
        """Return the stages that the target speaks of."""
        selector = self.path.stage
        names = [stage.name for stage in stages if stage.name]
        if selector is None:
            if not names:
                return list(stages)
            raise TargetError(
                f"target {self.text!r} does not say which stage it is of",
                where=self.where,
                remedy=f"write stage[{names[-1]}].{self.text}, or stage[*].{self.text} for every stage that has it",
            )
        if not names:
            raise TargetError(
                f"target {self.text!r} is of a stage, and the study has no [[stage]]",
                where=self.where,
                remedy="leave out what stands before solver, net or data",
            )
        if selector.kind == "every":
            return list(stages)
        chosen = [stage for stage in stages if selector.kind == "named" and stage.name == selector.value]
        if not chosen:
            remedy = nearest(selector.value, names)
            raise TargetError(f"target {self.text!r} is of no stage of this study", where=self.where, remedy=remedy)
        return chosen

    def _data_places(self, solver: CaffeMessage, net: CaffeMessage) -> list[Place]:
        field = self.path.steps[0].field
        train_only = field in TRAIN_ONLY
        layers = active_layers(solver, net, Phase.TRAIN) if train_only else layers_of(net)
        chosen = [layer for layer in layers if layer.is_data]
        if not chosen:
            raise TargetError(
                f"the net has no data layer{' in the TRAIN phase' if train_only else ''}", where=self.where
            )
        start = Cursor(net, "net", ("net",), self.where)
        name = "layers" if is_old(net) else "layer"
        places: list[Place] = []
        for layer in chosen:
            cursor = replace(start.into(name, layer.index, layer.name), layer=layer)
            places += reach(cursor, _data_steps(layer, is_old(net), self.path.steps))
        return places

    def _check_effect(self, place: Place, old: bool) -> None:
        containing = place.field.containing_type
        name = f"{containing.name if containing else ''}.{place.field.name}"
        if reason := _SET_BY_RUNNER.get(name):
            raise TargetError(f"target {self.text!r} is not free: the runner {reason}", where=self.where)
        if name in _GIVEN_UP and not old:
            raise TargetError(
                f"target {self.text!r} has no effect, as Caffe reads {place.field.name} from transform_param",
                where=self.where,
                remedy=f"write {place.path.rsplit('.', 2)[0]}.transform_param.{place.field.name}",
            )


def _in_stage(place: Place, stage: Stage) -> Place:
    """Say which stage of a chain a place is in."""
    if not stage.name:
        return place
    return replace(place, path=f"stage[{stage.name}].{place.path}", key=(f"stage[{stage.name}]", *place.key))


def _data_steps(layer: Layer, old: bool, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    # Where an old net still says it in data_param, Caffe's upgrade takes it from there.
    own = DATA_PARAMS[layer.type]
    message = getattr(layer.message, own)
    field = message.DESCRIPTOR.fields_by_name.get(steps[0].field)
    if old and field is not None and not field.is_repeated and message.HasField(field.name):
        return (Step(own), *steps)
    fields = layer.message.DESCRIPTOR.fields_by_name
    inner = {name for param in layer.read_params() for name in fields[param].message_type.fields_by_name}
    if steps[0].field in fields and steps[0].field not in inner:
        raise TargetError(f"{steps[0].field!r} is no field of the data layers' parameters", where="")
    return steps
