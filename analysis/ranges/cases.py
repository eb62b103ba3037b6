"""The full factorials that are compared: the same perceptron with other budgets and other levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from qim_stats.factors import Factor

FACTORS = (
    Factor("learning_rate", 0.01, 0.03, "log"),
    Factor("momentum", 0.5, 0.9),
    Factor("alpha", 0.001, 0.1, "log", "L2"),
    Factor("batch_size", 16, 64, "log", "images"),
    Factor("hidden", 16, 64, "log", "units a layer"),
    Factor("layers", 1, 2),
    Factor("activation", "relu", "tanh"),
    Factor("inputs", "unit", "standardized"),
)
"""The base: as in analysis/digits_mlp, without the epochs, which are a budget here."""

EPOCHS = 20
IMAGES = 720
BASE = "base"
REPEATED = 64
"""Runs of each case that get a second trial, for the noise."""


@dataclass(frozen=True)
class Case:
    """One full factorial.

    Parameters
    ----------
    name : str
        How tables call it.
    kind : str
        ``"epochs"``, ``"images"``, ``"moved"`` or ``"widened"``: what differs from the base; ``"base"`` for itself.
    factors : tuple of Factor
        The 8 factors with their levels.
    fixed : mapping of str to int
        ``epochs`` and ``images`` of every trial.
    changed : str
        The factor whose levels differ from the base; empty where none or all do.
    """

    name: str
    kind: str
    factors: tuple[Factor, ...] = FACTORS
    fixed: Mapping[str, int] = field(default_factory=lambda: {"epochs": EPOCHS, "images": IMAGES})
    changed: str = ""


MOVED: dict[str, dict[str, tuple[float, float]]] = {
    # By a factor of 3, of 10, or of 2; momentum by a factor of 2 in 1 - momentum, which is what it acts by.
    "learning_rate": {"/ 3": (0.0033, 0.01), "x 3": (0.03, 0.09)},
    "momentum": {"1 - m x 2": (0.0, 0.8), "1 - m / 2": (0.75, 0.95)},
    "alpha": {"/ 10": (0.0001, 0.01), "x 10": (0.01, 1.0)},
    "batch_size": {"/ 2": (8, 32), "x 2": (32, 128)},
    "hidden": {"/ 2": (8, 32), "x 2": (32, 128)},
    "layers": {"+ 1": (2, 3)},
}
WIDENED: dict[str, tuple[float, float]] = {
    # Twice the range on a log scale, about the same middle.
    "learning_rate": (0.0058, 0.052),
    "momentum": (0.25, 0.933),
    "alpha": (0.0001, 1.0),
    "batch_size": (8, 128),
    "hidden": (8, 128),
}


def cases() -> Iterator[Case]:
    """Yield the base, then every other case."""
    yield Case(BASE, BASE)
    for epochs in (2, 5, 10, 40):
        yield Case(f"{epochs} epochs", "epochs", fixed={"epochs": epochs, "images": IMAGES})
    for images in (90, 180, 360):
        yield Case(f"{images} images", "images", fixed={"epochs": EPOCHS, "images": images})
    for name, moves in MOVED.items():
        for how, levels in moves.items():
            yield Case(f"{name} {how}", "moved", with_levels({name: levels}), changed=name)
    for name, levels in WIDENED.items():
        yield Case(f"{name} twice as wide", "widened", with_levels({name: levels}), changed=name)
    yield Case("all five twice as wide", "widened", with_levels(WIDENED))


def with_levels(levels: Mapping[str, tuple[float, float]]) -> tuple[Factor, ...]:
    """Return the base's factors with other levels for some."""
    return tuple(
        replace(factor, low=levels[factor.name][0], high=levels[factor.name][1]) if factor.name in levels else factor
        for factor in FACTORS
    )
