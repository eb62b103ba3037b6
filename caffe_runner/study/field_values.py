"""A level of a factor as the value of a field of Caffe's messages: the types that a field takes, checked to the bit."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from caffe_runner.caffe.layers import LAYER_TYPES
from caffe_runner.errors import TargetError
from qim_stats.factors import Level, nearest

Value = bool | int | float | str

_FILLERS = ("constant", "gaussian", "positive_unitball", "uniform", "xavier", "msra", "bilinear")
_SOLVERS = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")
POLICIES = ("fixed", "step", "exp", "inv", "multistep", "sigmoid", "poly")

# Text fields of which Caffe takes only certain values, and says so after the run has begun.
_NAMES: dict[str, tuple[str, ...]] = {
    "caffe.LayerParameter.type": LAYER_TYPES,
    "caffe.FillerParameter.type": _FILLERS,
    "caffe.SolverParameter.type": _SOLVERS,
    "caffe.SolverParameter.lr_policy": POLICIES,
    "caffe.SolverParameter.regularization_type": ("L1", "L2"),
}
# A build of Caffe may have layers and solvers of its own: there, only a name in the wrong case is surely a mistake.
_OPEN = frozenset({"caffe.LayerParameter.type", "caffe.SolverParameter.type"})
_INTEGERS: dict[int, tuple[int, int]] = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}


def value_for(field: FieldDescriptor, level: Level, where: str) -> Value:
    """Turn a level into the value of a field.

    Parameters
    ----------
    field : FieldDescriptor
        The field.
    level : bool, int, float or str
        The level, with the type it has in the study file.
    where : str
        The factor's place in the study file.

    Returns
    -------
    bool, int, float or str
        What the field is to hold.

    Raises
    ------
    TargetError
        If the level is not of the field's type or out of its range; the error says what the field wants.
    """

    def refuse(wants: str, remedy: str = "give such a level") -> TargetError:
        problem = f"{_spelled(level)} is no level for {field.name}, which takes {wants}"
        return TargetError(problem, where=where, remedy=remedy)

    kind = field.cpp_type
    if field.message_type is not None:
        raise TargetError(
            f"{field.name} is a group of fields, not a value",
            where=where,
            remedy=f"name one of its fields: {', '.join(field.message_type.fields_by_name)}",
        )
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        if not isinstance(level, bool):
            raise refuse("true or false")
        return level
    if field.enum_type is not None:
        return _enum_value(field.enum_type, level, refuse)
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return _text_value(field, level, refuse)
    if isinstance(level, (bool, str)):
        raise refuse("a whole number" if kind in _INTEGERS else "a number")
    if kind in _INTEGERS:
        low, high = _INTEGERS[kind]
        if not isinstance(level, int) or not low <= level <= high:
            raise refuse(f"a whole number from {low} to {high}")
        return level
    return _float_value(level, refuse)


_Refuse = Callable[..., TargetError]


def _enum_value(enum: EnumDescriptor, level: Level, refuse: _Refuse) -> int:
    names = enum.values_by_name
    if not isinstance(level, str) or level not in names:
        raise refuse("one of its names", nearest(str(level), names))
    return int(names[level].number)


def _text_value(field: FieldDescriptor, level: Level, refuse: _Refuse) -> str:
    if not isinstance(level, str) or field.type == FieldDescriptor.TYPE_BYTES:
        raise refuse("a text")
    if "\0" in level:
        raise refuse("a text without NUL characters")
    names = _NAMES.get(field.full_name, (level,))
    meant = {name.lower(): name for name in names}.get(level.lower())
    if level == meant or (meant is None and field.full_name in _OPEN):
        return level
    raise refuse("one of the names that Caffe knows", f"did you mean {meant!r}?" if meant else nearest(level, names))


def _float_value(level: float, refuse: _Refuse) -> float:
    # Caffe keeps every number with a fraction in 32 bits.
    try:
        kept: float = struct.unpack("<f", struct.pack("<f", level))[0]
    except OverflowError as error:
        raise refuse("a number that fits in 32 bits") from error
    if not math.isfinite(kept) or (kept == 0) != (level == 0):
        raise refuse("a number that fits in 32 bits")
    return float(level)


def _spelled(level: Level) -> str:
    return str(level).lower() if isinstance(level, bool) else repr(level)
