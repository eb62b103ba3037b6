"""Try a study before its first trial: every target, every level, and every schedule that the design asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caffe_runner.caffe.prototxt import write_text
from caffe_runner.errors import StudyError
from caffe_runner.study.places import Place
from caffe_runner.study.runnable import check_run
from caffe_runner.study.stages import Stage
from caffe_runner.study.study_file import Study, StudyFactor
from caffe_runner.study.trial_files import apply_levels
from qim_stats.factors import Level

if TYPE_CHECKING:
    from qim_stats.design import Design

# Fields that decide whether, and when, the response is measured; all others are tried one factor at a time.
_DECISIVE = frozenset(
    (
        *("max_iter", "test_interval", "test_iter", "lr_policy", "stepsize", "type", "solver_type", "weights"),
        *("phase", "stage", "not_stage", "level", "min_level", "max_level", "top", "bottom", "mean_file", "source"),
    )
)
# In a chain also what decides whether one net's weights fit the next.
_HANDED_ON = frozenset(("num_output", "bias_term", "name"))


def check_study(study: Study) -> None:
    """Check all that can be known of a study before its trials.

    Parameters
    ----------
    study : Study
        A study as loaded.

    Raises
    ------
    StudyError
        If a target reaches nothing, a level does not fit, two factors reach one field, the two levels of a factor make
        the same trial, a trial would end without its response, or there is no such design.
    """
    decisive = _check_targets(study)
    for factor in study.factor_specs:
        _check_levels(study, factor)
    design = study.build_design()
    for factor in study.factor_specs:
        if (design.coded[factor.name] == 0).any():
            _check_middle(study, factor)
    _check_trials(study, decisive, design)


def _check_targets(study: Study) -> list[StudyFactor]:
    """Check that no field is reached by two factors; return the factors that decide what can be measured."""
    decisive_fields = _DECISIVE | (_HANDED_ON if len(study.stages) > 1 else frozenset())
    owners: dict[tuple[str | int, ...], StudyFactor] = {}
    decisive = []
    for factor in study.factor_specs:
        places = factor.places(study.stages)
        for place in places:
            owner = owners.setdefault(place.key, factor)
            if owner is not factor:
                raise StudyError(
                    f"factors {owner.name!r} ({owner.where}) and {factor.name!r} both set {place.path}",
                    where=factor.where,
                    remedy="let each field be set by one factor",
                )
        if any(_is_one_of(decisive_fields, place) for place in places):
            decisive.append(factor)
    return decisive


def _is_one_of(fields: frozenset[str], place: Place) -> bool:
    message = place.field.containing_type
    return place.field.name in fields and message is not None and message.name != "FillerParameter"


def _check_levels(study: Study, factor: StudyFactor) -> None:
    low, high = (apply_levels(study, {factor.name: level}) for level in (factor.low, factor.high))
    if [_written(stage) for stage in low] == [_written(stage) for stage in high]:
        raise StudyError(
            f"the levels {factor.low!r} and {factor.high!r} of factor {factor.name!r} are the same number to Caffe, "
            "which keeps 32 bits",
            where=factor.where_high,
            remedy="put them further apart",
        )


def _written(stage: Stage) -> tuple[str, str]:
    return write_text(stage.solver), write_text(stage.net)


def _check_middle(study: Study, factor: StudyFactor) -> None:
    """Check that a field takes the level in the middle, which is no whole number between some that are."""
    try:
        apply_levels(study, {factor.name: factor.factor.middle})
    except StudyError as error:
        raise StudyError(
            f"the design needs {factor.name!r} halfway between its levels: {error.problem}",
            where=factor.where_high,
            remedy="choose levels with such a value in the middle, or a design of two levels",
        ) from error


def _check_trials(study: Study, decisive: list[StudyFactor], design: Design) -> None:
    """Check one run of the design for each combination of the levels that decide what can be measured."""
    runs: dict[tuple[Level, ...], dict[str, Level]] = {}
    for coded in design.coded.to_dict("records"):
        levels = {factor.name: factor.decode(int(coded[factor.name])) for factor in study.factors}
        runs.setdefault(tuple(levels[factor.name] for factor in decisive), levels)
    errors = {deciding: error for deciding, levels in runs.items() if (error := _mistake_of(study, levels))}
    if not errors:
        return
    first = next(iter(errors.values()))
    if len(errors) == len(runs):
        raise first
    # Only some levels are at fault: those that all the failing combinations share.
    shared = [
        (factor, levels[0])
        for factor, *levels in zip(decisive, *errors, strict=True)
        if all(level == levels[0] for level in levels)
    ] or list(zip(decisive, next(iter(errors)), strict=True))
    told = ", ".join(f"{factor.name} = {level!r}" for factor, level in shared)
    factor, level = shared[0]
    raise StudyError(
        f"with {told}: {first.problem}",
        where=factor.where_level(level),
        remedy=f"{first.remedy}, so that it fits every level",
    )


def _mistake_of(study: Study, levels: dict[str, Level]) -> StudyError | None:
    try:
        check_run(study, levels)
    except StudyError as error:
        return error
    return None
