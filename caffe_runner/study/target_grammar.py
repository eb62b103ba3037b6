"""The text of a target, parsed: which file, which layers, which field.

solver.base_lr                                solver.stepvalue[0]
net.layer[conv1].convolution_param.num_output net.layer["odd name]"].num_output
net.layer[type=InnerProduct].num_output       net.layer[*].param[0].lr_mult
net.layer[*].type where type is "InnerProduct" -> weight_filler.type
data.batch_size
stage[pretrain].solver.base_lr                stage[*].data.batch_size
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from caffe_runner.errors import TargetError

Root = Literal["solver", "net", "data"]

_GRAMMAR = r"""
start: stage? ROOT step* condition?
stage: _STAGE selector "."
condition: _WHERE FIELD _IS value _ARROW FIELD selector? step*
step: "." FIELD selector?
selector: "[" value "]" -> named
        | "[" "*" "]" -> every
        | "[" KEY "=" value "]" -> matching
value: STRING -> quoted | BARE -> bare

_STAGE: /stage\b/
ROOT: /(solver|net|data)\b/
_WHERE: /where\b/
_IS: /is\b/
_ARROW: "->"
FIELD: /[A-Za-z_][A-Za-z0-9_]*/
KEY.1: /[A-Za-z_][A-Za-z0-9_]*(?=[ \t]*=)/
BARE: /[^\[\]"=*\s]+/
STRING: /"([^"\\]|\\.)*"/
%ignore /[ \t]+/
"""


@dataclass(frozen=True, slots=True)
class Selector:
    """What stands in brackets after a field.

    Parameters
    ----------
    kind : {"named", "every", "matching"}
        A name or a number, ``*``, or ``field=value``.
    value : str
        The name, number or value; empty for ``*``.
    field : str
        The field of ``field=value``; else empty.
    """

    kind: Literal["named", "every", "matching"]
    value: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One field of a path, with what stands in brackets after it."""

    field: str
    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class TargetPath:
    """A target as parsed: a root, the steps from it, of which the last names the field to set, and maybe a stage."""

    root: Root
    steps: tuple[Step, ...]
    stage: Selector | None = None


def parse_target(text: str, where: str) -> TargetPath:
    """Parse the text of a target.

    Parameters
    ----------
    text : str
        The text, as in the study file.
    where : str
        The factor's place in the study file.

    Returns
    -------
    TargetPath

    Raises
    ------
    TargetError
        If the text is no target, with the place in it.
    """
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        column = getattr(error, "column", -1)
        place = f"at character {column}" if isinstance(column, int) and 0 < column <= len(text) else "at its end"
        raise TargetError(
            f"target {text!r} cannot be read {place}",
            where=where,
            remedy="write it like solver.base_lr, net.layer[conv1].convolution_param.num_output or data.batch_size",
        ) from error
    stage, root, steps, condition = _Reader().transform(tree)
    if condition is not None:
        steps = _under_condition(steps, condition, text, where)
    if not steps:
        raise TargetError(f"target {text!r} names no field", where=where, remedy=f"write {root}.FIELD")
    return TargetPath(root, tuple(steps), stage)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual")


@dataclass(frozen=True, slots=True)
class _Condition:
    field: str
    value: str
    steps: list[Step]


_Parsed = tuple[Selector | None, Root, list[Step], _Condition | None]


@v_args(inline=True)
class _Reader(Transformer[Token, _Parsed]):
    """Turns lark's tree into plain values."""

    def start(self, *parts: Token | Selector | Step | _Condition) -> _Parsed:
        stages = [part for part in parts if isinstance(part, Selector)]
        root = next(part for part in parts if isinstance(part, Token))
        steps = [part for part in parts if isinstance(part, Step)]
        conditions = [part for part in parts if isinstance(part, _Condition)]
        named: Root = "solver" if root == "solver" else "net" if root == "net" else "data"
        return stages[0] if stages else None, named, steps, conditions[0] if conditions else None

    def stage(self, selector: Selector) -> Selector:
        return selector

    def condition(self, field: Token, value: str, first: Token, *rest: Selector | Step) -> _Condition:
        selector = next((part for part in rest if isinstance(part, Selector)), None)
        return _Condition(
            str(field), value, [Step(str(first), selector), *(part for part in rest if isinstance(part, Step))]
        )

    def step(self, field: Token, selector: Selector | None = None) -> Step:
        return Step(str(field), selector)

    def named(self, value: str) -> Selector:
        return Selector("named", value)

    def every(self) -> Selector:
        return Selector("every")

    def matching(self, field: Token, value: str) -> Selector:
        return Selector("matching", value, str(field))

    def quoted(self, text: Token) -> str:
        return re.sub(r"\\(.)", r"\1", str(text)[1:-1], flags=re.DOTALL)

    def bare(self, text: Token) -> str:
        return str(text)


def _under_condition(steps: list[Step], condition: _Condition, text: str, where: str) -> list[Step]:
    """Rewrite ``layer[*].type where type is "X" -> PATH`` as ``layer[type=X].PATH``."""
    tail = steps[1:]
    every = bool(steps) and steps[0].selector == Selector("every")
    if not every or len(tail) > 1 or any(step != Step(condition.field) for step in tail):
        raise TargetError(
            f"target {text!r} has a condition that does not fit what stands before it",
            where=where,
            remedy=f'write net.layer[*] where {condition.field} is "{condition.value}" -> FIELD',
        )
    return [Step(steps[0].field, Selector("matching", condition.value, condition.field)), *condition.steps]
