"""From the path of a target to the fields it reaches in a solver and its net."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from google.protobuf.descriptor import FieldDescriptor

from caffe_runner.caffe.layers import Layer, layers_of
from caffe_runner.caffe.prototxt import CaffeMessage
from caffe_runner.errors import TargetError
from caffe_runner.study.field_values import value_for
from caffe_runner.study.target_grammar import Selector, Step
from qim_stats.factors import Level, nearest

_LAYER_FIELDS = ("layer", "layers")


@dataclass(frozen=True)
class Place:
    """One field of a solver or a net.

    Parameters
    ----------
    message : Message
        The message that has, or is to have, the field.
    field : FieldDescriptor
        The field.
    index : int or None
        Which element of a repeated field; None to make it a list of one value.
    path : str
        Where it is, for people: ``net.layer[conv1].convolution_param.num_output``.
    key : tuple
        Where it is, for comparing: field names, and indices of repeated fields.
    """

    message: CaffeMessage
    field: FieldDescriptor
    index: int | None
    path: str
    key: tuple[str | int, ...]

    def put(self, level: Level, where: str) -> None:
        """Set the field.

        Raises
        ------
        TargetError
            If the field does not take such a level.
        """
        value = value_for(self.field, level, where)
        if not self.field.is_repeated:
            setattr(self.message, self.field.name, value)
        elif self.index is None:
            getattr(self.message, self.field.name)[:] = [value]
        else:
            getattr(self.message, self.field.name)[self.index] = value


@dataclass(frozen=True)
class Cursor:
    """A message on the way to a place, and what messages about it need.

    Parameters
    ----------
    message : Message
        Where the way has come to.
    path, key
        As in `Place`.
    where : str
        The factor's place in the study file.
    layer : Layer or None
        The layer the message is, if it is one.
    """

    message: CaffeMessage
    path: str
    key: tuple[str | int, ...]
    where: str
    layer: Layer | None = None

    def error(self, problem: str, remedy: str | None = None) -> TargetError:
        """Make an error that says where the way ended."""
        return TargetError(f"{problem} in {self.path}", where=self.where, remedy=remedy)

    def into(self, field: str, index: int | None = None, label: str | None = None) -> Cursor:
        """Go into a group of fields, or into one of several."""
        inner = getattr(self.message, field)
        path = f"{self.path}.{field}"
        if index is None:
            return Cursor(inner, path, (*self.key, field), self.where)
        label = str(index) if label is None else label
        return Cursor(inner[index], f"{path}[{label}]", (*self.key, field, index), self.where)


def reach(start: Cursor, steps: tuple[Step, ...]) -> list[Place]:
    """Follow a path.

    Parameters
    ----------
    start : Cursor
        The solver, the net, or a layer.
    steps : tuple of Step
        The path from there; at least one step.

    Returns
    -------
    list of Place
        At least one.

    Raises
    ------
    TargetError
        If a field is not there or would not be read by Caffe, nothing is matched, or an index is missing or too large.
    """
    start, field = _field(start, steps[0])
    step, rest = steps[0], steps[1:]
    if not rest:
        return list(_last(start, field, step.selector))
    if field.message_type is None:
        raise start.error(f"{field.name!r} is a value, not a group of fields,", f"end the target at {field.name}")
    if step.field in _LAYER_FIELDS and start.path == "net":
        return _through_layers(start, step, rest)
    if not field.is_repeated:
        if step.selector is not None:
            raise start.error(f"there is only one {field.name!r}", "leave out the brackets after it")
        return reach(start.into(field.name), rest)
    count = len(getattr(start.message, field.name))
    return [
        place
        for index in _indices(start, field.name, step.selector, count)
        for place in reach(start.into(field.name, index), rest)
    ]


def _field(cursor: Cursor, step: Step) -> tuple[Cursor, FieldDescriptor]:
    """Find a field by name; in a layer, also a field of the parameters that its type reads."""
    fields = cursor.message.DESCRIPTOR.fields_by_name
    layer = cursor.layer
    if step.field in fields:
        if layer is not None and not layer.reads(step.field):
            read = ", ".join(layer.read_params()) or "no parameters"
            raise cursor.error(f"a layer of type {layer.type} does not read {step.field!r}", f"it reads {read}")
        return cursor, fields[step.field]
    params = layer.read_params() if layer else []
    for param in params:
        inside = cursor.into(param)
        inner = inside.message.DESCRIPTOR.fields_by_name
        if step.field in inner:
            return inside, inner[step.field]
    raise cursor.error(f"there is no field {step.field!r}", nearest(step.field, _known_fields(cursor)))


def _known_fields(cursor: Cursor) -> list[str]:
    """Name the fields that may follow; in a layer, those of its parameters and those that its type reads."""
    fields = cursor.message.DESCRIPTOR.fields_by_name
    if cursor.layer is None:
        return list(fields)
    params = [cursor.into(param).message.DESCRIPTOR.fields_by_name for param in cursor.layer.read_params()]
    own = [name for name in fields if cursor.layer.reads(name)]
    return list(dict.fromkeys([*(name for param in params for name in param), *own]))


def _last(cursor: Cursor, field: FieldDescriptor, selector: Selector | None) -> Iterator[Place]:
    if field.message_type is not None:
        fields = ", ".join(field.message_type.fields_by_name)
        raise cursor.error(f"{field.name!r} is a group of fields, not a value,", f"name one of its fields: {fields}")
    path, key = f"{cursor.path}.{field.name}", (*cursor.key, field.name)
    if not field.is_repeated:
        if selector is not None:
            raise cursor.error(f"{field.name!r} holds a single value", "leave out the brackets after it")
        yield Place(cursor.message, field, None, path, key)
        return
    count = len(getattr(cursor.message, field.name))
    if selector is None:
        if count > 1:
            raise cursor.error(
                f"{field.name!r} holds {count} values", f"say which: {field.name}[0] to {field.name}[{count - 1}]"
            )
        yield Place(cursor.message, field, None, path, (*key, 0))
        return
    for index in _indices(cursor, field.name, selector, count):
        yield Place(cursor.message, field, index, f"{path}[{index}]", (*key, index))


def _indices(cursor: Cursor, name: str, selector: Selector | None, count: int) -> range:
    held = f"there {'is' if count == 1 else 'are'} {count or 'no'} {name!r}"
    if selector is None:
        raise cursor.error(held, f"say which, as in {name}[0]")
    if selector.kind == "every" and count:
        return range(count)
    if selector.kind == "named" and selector.value.isdecimal() and selector.value.isascii():
        index = int(selector.value)
        if index < count:
            return range(index, index + 1)
    remedy = f"give a number from 0 to {count - 1}" if count else f"add {name} to the file first"
    raise cursor.error(held, remedy)


def _through_layers(start: Cursor, step: Step, rest: tuple[Step, ...]) -> list[Place]:
    layers = layers_of(start.message)
    chosen = _choose(start, layers, step.selector)
    names = [layer.name for layer in layers]
    places: list[Place] = []
    errors: list[TargetError] = []
    known: dict[str, None] = {}
    for layer in chosen:
        # A name may stand twice, as for the two data layers; the path then says which.
        label = layer.name if names.count(layer.name) == 1 else f"{layer.name}, layer {layer.index}"
        field = "layers" if layer.message.DESCRIPTOR.name == "V1LayerParameter" else "layer"
        cursor = replace(start.into(field, layer.index, label), layer=layer)
        known |= dict.fromkeys(_known_fields(cursor))
        try:
            places += reach(cursor, rest)
        except TargetError as error:
            # `*` means every layer that has the field; a layer called by name or type must have it.
            if step.selector is None or step.selector.kind != "every":
                raise
            if rest[0].field in _known_fields(cursor):
                errors.append(error)
    if places:
        return places
    if errors:
        raise errors[0]
    raise start.error(f"no layer has {rest[0].field!r}", nearest(rest[0].field, known))


def _choose(start: Cursor, layers: list[Layer], selector: Selector | None) -> list[Layer]:
    names = dict.fromkeys(layer.name for layer in layers)
    if selector is None:
        raise start.error(f"there are {len(layers)} layers", "say which: layer[NAME], layer[type=TYPE] or layer[*]")
    if selector.kind == "every":
        return layers
    if selector.kind == "named":
        chosen = [layer for layer in layers if layer.name == selector.value]
        if not chosen:
            raise start.error(f"there is no layer {selector.value!r}", nearest(selector.value, names))
        return chosen
    if selector.field not in ("type", "name"):
        raise start.error(f"layers cannot be chosen by {selector.field!r}", "choose them by type or by name")
    by_type = selector.field == "type"
    known = [(layer, (layer.type, _spelled_type(layer)) if by_type else (layer.name,)) for layer in layers]
    chosen = [layer for layer, values in known if selector.value in values]
    if not chosen:
        raise start.error(
            f"there is no layer with {selector.field} {selector.value!r}",
            nearest(selector.value, dict.fromkeys(value for _, values in known for value in values)),
        )
    return chosen


def _spelled_type(layer: Layer) -> str:
    """Return the type as the file spells it."""
    field = layer.message.DESCRIPTOR.fields_by_name["type"]
    if field.enum_type is None:
        return layer.type
    return str(field.enum_type.values_by_number[layer.message.type].name)
