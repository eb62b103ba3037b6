"""Whether a trial of certain levels would end with its response: each stage by itself, and what it hands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caffe_runner.caffe.layers import Layer
from caffe_runner.caffe.measurable import Blame, check_measurable, check_trainable
from caffe_runner.caffe.net_states import Phase, active_layers
from caffe_runner.caffe.weights import handed_on, keeps_weights, misfit
from caffe_runner.errors import StudyError
from caffe_runner.study.stages import Stage
from caffe_runner.study.study_file import Study
from caffe_runner.study.trial_files import apply_levels
from qim_stats.factors import Level


def check_run(study: Study, levels: Mapping[str, Level]) -> None:
    """Check that a trial with these levels would end with a test pass of the response.

    Parameters
    ----------
    study : Study
        The study.
    levels : mapping of str to level
        A level for each factor.

    Raises
    ------
    StudyError
        If a level does not fit; if a stage would not train, or the last one not measure the response; or if a stage
        would start from weights of which none, or one that does not fit, is its own.
    """
    stages = apply_levels(study, levels)
    response = study.places.where("response")
    for stage in stages:
        blame = Blame(solver=str(stage.solver_path), net=str(stage.net_path), response=response)
        try:
            if stage is stages[-1]:
                check_measurable(stage.solver, stage.net, study.response, study.test_net, blame)
            else:
                check_trainable(stage.solver, stage.net, blame)
        except StudyError as error:
            if not stage.name:
                raise
            problem = f"stage {stage.name!r}: {error.problem}"
            raise StudyError(problem, where=error.where, remedy=error.remedy) from error
    for stage in stages:
        for name in stage.weights:
            _check_weights(next(earlier for earlier in stages if earlier.name == name), stage)


def passed_on(stages: Sequence[Stage], stage: Stage) -> dict[str, list[str]]:
    """Name the layers that a stage takes over from each of the stages it starts from."""
    return {
        earlier.name: handed_on(_train(earlier), _train(stage)) for earlier in stages if earlier.name in stage.weights
    }


def _check_weights(earlier: Stage, later: Stage) -> None:
    layers = _train(earlier), _train(later)
    found = misfit(*layers)
    if found is not None:
        name, was, would_be = found
        raise StudyError(
            f"Caffe cannot copy the weights of layer {name!r}, which {was} in stage {earlier.name!r} and {would_be} in "
            f"stage {later.name!r}",
            where=str(later.net_path),
            remedy="make both the same, for a factor by a target like stage[*].net.layer[...], or rename one of them",
        )
    if not handed_on(*layers):
        had, wanted = (
            ", ".join(layer.name for layer in net if keeps_weights(layer)) or "none with weights" for net in layers
        )
        raise StudyError(
            f"stage {later.name!r} takes no weights over from stage {earlier.name!r}, as no layer with weights has the "
            f"same name in both ({had}; {wanted})",
            where=str(later.net_path),
            remedy="name the layers alike, or leave the stage out of weights",
        )


def _train(stage: Stage) -> list[Layer]:
    return active_layers(stage.solver, stage.net, Phase.TRAIN)
