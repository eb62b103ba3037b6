"""The runner's children of `qim_stats.errors.QimError`."""

from __future__ import annotations

from qim_stats.errors import QimError


class StudyError(QimError):
    """The study file says something that cannot be run."""


class PrototxtError(QimError):
    """A file in protobuf's text format cannot be read."""


class TargetError(StudyError):
    """A factor's target reaches nothing, or takes no such level."""


class DataError(QimError):
    """A data set cannot be found, read or written."""


class EngineError(QimError):
    """The container engine or the image is not there, or may not be used."""


class LedgerError(QimError):
    """The record of a study cannot be used."""
