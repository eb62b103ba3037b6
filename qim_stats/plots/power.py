"""Power curves of several designs: how often each sees an effect of every size."""

from __future__ import annotations

import pandas as pd

from qim_stats.plots.sheet import ACCENT, INK, MUTED, look, quiet_grid, sheet, short, to_svg

_DASHES: tuple[tuple[float, tuple[float, ...]], ...] = ((0, ()), (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)))


def power_curves(curves: pd.DataFrame, *, unit: str, power: float, effect: float | None = None) -> str:
    """Draw a curve for each design, with the power and the effect that are asked for.

    Parameters
    ----------
    curves : DataFrame
        ``design, effect, power``, sizes rising; the designs in the order to be read.
    unit : str
        What an effect is measured in, for the axis.
    power : float
        The power asked for, drawn as a line across.
    effect : float, optional
        The effect asked for, drawn as a line upright, in the same unit.

    Returns
    -------
    str
        An SVG element.
    """
    names = list(dict.fromkeys(curves["design"]))
    with look():
        figure = sheet(6.6, 3.6)
        axes = figure.add_subplot()
        quiet_grid(axes)
        axes.axhline(power, color=MUTED, linewidth=0.8)
        if effect is not None:
            axes.axvline(effect, color=MUTED, linewidth=0.8)
        for i, name in enumerate(names):
            rows = curves[curves["design"] == name]
            # Told apart by dashes and weight, as colour alone is not seen by everyone.
            color = (INK, ACCENT)[i // len(_DASHES) % 2]
            axes.plot(
                rows["effect"],
                rows["power"],
                color=color,
                linestyle=_DASHES[i % len(_DASHES)],
                linewidth=1.4,
                label=short(name),
            )
        axes.set_ylim(0.0, 1.02)
        axes.set_xlim(left=0.0)
        axes.set_xlabel(f"size of an effect (high \N{MINUS SIGN} low), {short(unit, 40)}")
        axes.set_ylabel("share of studies that see it")
        figure.legend(loc="outside right upper", frameon=False)
        return to_svg(figure, "power")
