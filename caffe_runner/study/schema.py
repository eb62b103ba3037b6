"""What a study file may say: its keys, their types and ranges. Strict: nothing is converted, nothing unknown passes."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt
from pydantic import StrictStr as Text

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)([kmg])b?", re.IGNORECASE)
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}
# With less, or with fewer processes, not even `caffe --version` runs in a container.
_LEAST_MEMORY = 16 * 2**20
_LEAST_PIDS = 8
# What the engine and the kernel can count.
_MOST_MEMORY = 2**62
_MOST_PIDS = 2**22
_LONGEST = 1e8
_MOST_ORDERS = 100  # each is a file that the engine mounts into every container
# A host, then parts in lower case, then a tag, a digest, or both: as the engine reads the name of an image.
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?/)?{_PART}(?:/{_PART})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)

# A stage's name is also that of its folder, and the beginning of a column's.
_STAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def _shown(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be a printable text on one line")
    return text


def _no_nul(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError("must be a path")
    return text


def _memory(text: str) -> str:
    if not _MEMORY.fullmatch(text) or not _LEAST_MEMORY <= memory_bytes(text) <= _MOST_MEMORY:
        raise ValueError('must be a size of at least 16 MB with its unit, like "512m" or "2g"')
    return text


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _image(text: str) -> str:
    if not _IMAGE.fullmatch(text):
        raise ValueError('must be the name of an image, like "bvlc/caffe:cpu"')
    return text


def _stage_name(text: str) -> str:
    if not _STAGE.fullmatch(text):
        raise ValueError("must be a name of up to 40 letters, digits, - and _")
    return text


def _as_tuple(value: Any) -> Any:
    # TOML's lists are lists, which a strict and frozen model does not hold.
    return tuple(value) if isinstance(value, list) else value


def _one_or_several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else _as_tuple(value)


Shown = Annotated[Text, AfterValidator(_shown)]
FilePath = Annotated[Text, AfterValidator(_no_nul)]
Natural = Annotated[int, Field(ge=1)]
Image = Annotated[Text, AfterValidator(_image)]
StageName = Annotated[Text, AfterValidator(_stage_name)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class DataSpec(_Strict):
    """``[data]``: where the images come from, for a CSV of pixels also how to read it, and in what order they are read.

    ``orders`` is the number of shuffled copies of the training images, among which a trial's seed chooses; each copy
    has the first ``train_images`` of its order.
    """

    source: FilePath
    label: Text | None = None
    shape: Annotated[tuple[Natural, Natural, Natural] | None, BeforeValidator(_as_tuple)] = None
    test_fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    orders: Annotated[int, Field(ge=1, le=_MOST_ORDERS)] = 1
    train_images: Natural | None = None


class DesignSpec(_Strict):
    """``[design]``: which runs."""

    kind: Literal["plackett-burman", "full-factorial", "fractional", "definitive", "box-tyssedal", "no-confounding"] = (
        "plackett-burman"
    )
    runs: Natural | None = None
    resolution: Natural | None = None
    foldover: bool = False
    replicates: Natural = 1
    center_points: Annotated[int, Field(ge=0)] = 0
    blocks: Natural = 1
    columns: Literal["first", "best"] = "first"
    order: Literal["random", "drift-proof"] = "random"


class LimitsSpec(_Strict):
    """``[limits]``: what one trial may use."""

    cpus: Annotated[float, Field(ge=0.01), AfterValidator(_finite)] = 1.0
    memory: Annotated[Text, AfterValidator(_memory)] = "2g"
    seconds: Annotated[float, Field(gt=0, le=_LONGEST)] = 600.0
    pids: Annotated[int, Field(ge=_LEAST_PIDS, le=_MOST_PIDS)] = 256

    @property
    def memory_bytes(self) -> int:
        """The memory in bytes."""
        return memory_bytes(self.memory)


class StageSpec(_Strict):
    """A ``[[stage]]``: one solver of a chain, and the earlier stages whose weights it starts from."""

    name: StageName
    solver: FilePath
    net: FilePath | None = None
    weights: Annotated[tuple[Text, ...] | None, BeforeValidator(_as_tuple)] = None


class FactorSpec(_Strict):
    """A ``[[factor]]``: its levels, and the targets that take them."""

    name: Text
    target: Text | Annotated[tuple[Text, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
    low: StrictBool | StrictInt | StrictFloat | Text
    high: StrictBool | StrictInt | StrictFloat | Text
    scale: Literal["linear", "log"] = "linear"
    unit: Shown | None = None


class StudySpec(_Strict):
    """The whole of a study file."""

    name: Shown
    image: Annotated[tuple[Image, ...], BeforeValidator(_one_or_several), Field(min_length=1)] = ("bvlc/caffe:cpu",)
    solver: FilePath | None = None
    net: FilePath | None = None
    response: Shown
    direction: Literal["maximize", "minimize"]
    seed: Annotated[int, Field(ge=0)] = 0
    test_net: Annotated[int, Field(ge=0)] | None = None
    data: DataSpec
    design: DesignSpec = DesignSpec()
    limits: LimitsSpec = LimitsSpec()
    stage: Annotated[tuple[StageSpec, ...], BeforeValidator(_as_tuple)] = ()
    factor: Annotated[tuple[FactorSpec, ...], BeforeValidator(_as_tuple), Field(min_length=1)]


def memory_bytes(text: str) -> int:
    """Return a size like ``"512m"`` in bytes; the units are powers of 1024, as Docker's are."""
    match = _MEMORY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no size")
    return int(float(match[1]) * _UNITS[match[2].lower()])
