"""The study file: what is to be trained, what is varied, what is measured. Read and checked here, once.

A `Study` holds the study file, and the solvers and nets of its stages as they are; `trial_files` makes a trial's files
from them, and `check` tries every level on them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from caffe_runner.caffe.nets import chance_level
from caffe_runner.caffe.prototxt import CaffeMessage, write_text
from caffe_runner.errors import StudyError
from caffe_runner.study.mistakes import Places, study_error
from caffe_runner.study.places import Place
from caffe_runner.study.schema import DataSpec, DesignSpec, LimitsSpec, StudySpec
from caffe_runner.study.stages import Stage, read_stages
from caffe_runner.study.targets import Target
from qim_stats.errors import QimError
from qim_stats.factors import RESERVED_COLUMNS, Factor, Level, check_factors
from qim_stats.toml_table import load_toml

if TYPE_CHECKING:
    from qim_stats.design import Design


@dataclass(frozen=True)
class StudyFactor:
    """A factor of a study, with the fields that take its levels.

    Parameters
    ----------
    factor : Factor
        Name, levels, scale and unit.
    targets : tuple of Target
        Its targets; more than one where a factor moves several fields together.
    where, where_low, where_high : str
        Its places in the study file.
    """

    factor: Factor
    targets: tuple[Target, ...]
    where: str
    where_low: str
    where_high: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.factor.name

    @property
    def low(self) -> Level:
        """Its low level."""
        return self.factor.low

    @property
    def high(self) -> Level:
        """Its high level."""
        return self.factor.high

    @property
    def scale(self) -> str:
        """Its scale, linear or log."""
        return self.factor.scale

    @property
    def unit(self) -> str | None:
        """Its unit."""
        return self.factor.unit

    @property
    def target(self) -> str | tuple[str, ...]:
        """Its target as text, or its targets."""
        texts = tuple(target.text for target in self.targets)
        return texts[0] if len(texts) == 1 else texts

    def where_level(self, level: Level) -> str:
        """Return the place of one of its levels."""
        return self.where_low if level == self.low else self.where_high

    def places(self, stages: Sequence[Stage]) -> list[Place]:
        """Find the fields that take its levels; see `Target.places_in`."""
        return [place for target in self.targets for place in target.places_in(stages)]

    def describe(self, stages: Sequence[Stage]) -> list[str]:
        """Name the fields that take its levels, each by its full path."""
        return [place.path for place in self.places(stages)]


@dataclass(frozen=True)
class Study:
    """A study: what its file says, and the solvers and nets it names.

    Parameters
    ----------
    path : Path
        The study file.
    spec : StudySpec
        What it says.
    factor_specs : tuple of StudyFactor
        The factors with their targets, in the order of the file.
    stages : tuple of Stage
        What a trial trains, in this order: one solver with its net, or a chain of them.
    places : Places
        Finds the line of a key, for errors.
    """

    path: Path
    spec: StudySpec
    factor_specs: tuple[StudyFactor, ...]
    stages: tuple[Stage, ...]
    places: Places

    @property
    def name(self) -> str:
        """The study's name, which is only shown."""
        return self.spec.name

    @property
    def images(self) -> tuple[str, ...]:
        """The images that may run the trials; the first that is there does."""
        return self.spec.image

    @property
    def response(self) -> str:
        """The test output that is measured."""
        return self.spec.response

    @property
    def direction(self) -> str:
        """Whether to maximize or to minimize the response."""
        return self.spec.direction

    @property
    def seed(self) -> int:
        """The seed of the run order and of the trials' own seeds."""
        return self.spec.seed

    @property
    def test_net(self) -> int:
        """Which of the last stage's test nets the response is read from."""
        return self.spec.test_net or 0

    @property
    def data(self) -> DataSpec:
        """Where the images come from."""
        return self.spec.data

    @property
    def design(self) -> DesignSpec:
        """The design asked for."""
        return self.spec.design

    @property
    def limits(self) -> LimitsSpec:
        """What one trial may use."""
        return self.spec.limits

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The factors, without their targets."""
        return tuple(spec.factor for spec in self.factor_specs)

    @property
    def measured(self) -> Stage:
        """The stage whose test measures the response: the last one."""
        return self.stages[-1]

    def build_design(self) -> Design:
        """Make the study's design.

        Returns
        -------
        Design

        Raises
        ------
        StudyError
            If there is no such design of these factors.
        """
        from qim_stats.design import DesignSettings, build_design

        asked = self.design
        settings = DesignSettings(**asked.model_dump())
        try:
            return build_design(settings, self.factors, self.seed)
        except QimError as error:
            key = error.where if error.where in type(asked).model_fields else "runs"
            raise StudyError(error.problem, where=self.places.where("design", key), remedy=error.remedy) from error

    def chance_text(self) -> str:
        """Say in words when a trial counts as never having learned; empty for nets without classes."""
        chance = chance_level(self.measured.solver, self.measured.net, self.response, self.test_net)
        return chance.text if chance else ""


def load_study(path: str | Path) -> Study:
    """Read a study file, and the solvers and nets it names.

    Parameters
    ----------
    path : str or Path
        The study file, TOML.

    Returns
    -------
    Study
        With every key, type and range checked; `caffe_runner.study.check` then tries the factors' levels.

    Raises
    ------
    StudyError
        If something in the file is wrong, with its line.
    PrototxtError
        If a solver or a net cannot be read.
    """
    path = Path(path)
    try:
        file = load_toml(path)
    except QimError as error:
        remedy = "give the path of a study file" if error.where == str(path) else error.remedy
        raise StudyError(error.problem, where=error.where, remedy=remedy) from error
    places = Places(str(path), file.lines)
    try:
        spec = StudySpec.model_validate(file.content)
    except ValidationError as error:
        raise study_error(error, places) from error
    factors = _read_factors(spec, places)
    stages = read_stages(spec, path.parent, places)
    _check_test_net(spec, stages[-1].solver, places)
    return Study(path, spec, factors, stages, places)


def canonical_text(study: Study) -> str:
    """Write down everything that decides what the trials of a study measure, one thing a line.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        The same for two study files that differ only in name, direction, limits, units, comments or spelling.
    """
    spec = study.spec
    lines = [
        f"images = {json.dumps(spec.image)}",
        f"response = {json.dumps(spec.response)}",
        f"test_net = {study.test_net}",
        f"seed = {spec.seed}",
        *(f"data.{key} = {json.dumps(value)}" for key, value in _decisive_data(spec.data).items()),
        *(f"design.{key} = {json.dumps(value)}" for key, value in _decisive_design(spec.design).items()),
    ]
    for factor in study.factor_specs:
        levels = f"{json.dumps(factor.low)} / {json.dumps(factor.high)}"
        lines.append(f"factor {json.dumps(factor.name)}: {json.dumps(factor.target)} = {levels}")
    for stage in study.stages:
        lines += _stage_lines(stage)
    return "\n".join(lines) + "\n"


def _stage_lines(stage: Stage) -> list[str]:
    """Write down a stage; the only one of a study without names stands by itself."""
    of = f"stage {stage.name} " if stage.name else ""
    lines = [f"{of}starts from = {json.dumps(stage.weights)}"] if stage.name else []
    solver = stage.copy().solver
    solver.ClearField("net")
    for title, message in (("solver", solver), ("net", stage.net)):
        lines += [f"{of}{title}: {line}" for line in write_text(message).splitlines()]
    return lines


def _decisive_data(data: DataSpec) -> dict[str, object]:
    """Return the keys of the data: those of plain data always, those of orders where they say something."""
    return data.model_dump(exclude={"orders", "train_images"}) | data.model_dump(
        include={"orders", "train_images"}, exclude_defaults=True
    )


def _decisive_design(design: DesignSpec) -> dict[str, object]:
    """Return the keys of a design, those of plain designs always and the others where they say something."""
    plain = ("kind", "runs", "foldover", "replicates")
    return {key: value for key, value in design.model_dump().items() if key in plain} | {
        key: value for key, value in design.model_dump(exclude_defaults=True).items() if key not in plain
    }


def _read_factors(spec: StudySpec, places: Places) -> tuple[StudyFactor, ...]:
    factors: list[StudyFactor] = []
    for number, declared in enumerate(spec.factor):
        where = places.where("factor", number)
        try:
            factor = Factor(declared.name, declared.low, declared.high, declared.scale, declared.unit)
            check_factors([*(earlier.factor for earlier in factors), factor])
        except QimError as error:
            raise StudyError(error.problem, where=where, remedy=error.remedy) from error
        if factor.name == spec.response:
            raise StudyError(
                f"factor {factor.name!r} has the name of the response", where=where, remedy="give it another name"
            )
        texts = (declared.target,) if isinstance(declared.target, str) else declared.target
        where_target = places.where("factor", number, "target")
        factors.append(
            StudyFactor(
                factor,
                tuple(Target.parse(text, where_target) for text in texts),
                where_target,
                places.where("factor", number, "low"),
                places.where("factor", number, "high"),
            )
        )
    if spec.response in RESERVED_COLUMNS:
        raise StudyError(
            f"{spec.response!r} cannot be the response, as a trials table has a column of its own by that name",
            where=places.where("response"),
            remedy="rename that output of the net",
        )
    return tuple(factors)


def _check_test_net(spec: StudySpec, solver: CaffeMessage, places: Places) -> None:
    if len(solver.test_iter) > 1 and spec.test_net is None:
        nets = (
            ", ".join(f"{i} ({' '.join(state.stage) or 'no stage'})" for i, state in enumerate(solver.test_state))
            or f"0 to {len(solver.test_iter) - 1}"
        )
        raise StudyError(
            f"the solver has {len(solver.test_iter)} test nets, so the response is not clear",
            where=places.where("response"),
            remedy=f"add test_net = ... with one of {nets}",
        )
