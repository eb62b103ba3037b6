"""What a screening design estimated beside what the full factorial found."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qim_stats.plots.sheet import ACCENT, INK, MUTED, look, quiet_grid, sheet, short, to_svg


def compared_effects(effects: pd.DataFrame, *, response: str, interval: str) -> str:
    """Draw each factor's effect twice: as the screen estimated it, with its limits, and as the full factorial has it.

    Parameters
    ----------
    effects : DataFrame, shape (k, 5)
        ``factor, true, screen, conf_low, conf_high`` in the response's unit, in the order to be read; the limits may
        be NaN.
    response : str
        The response's name.
    interval : str
        What the limits are, such as ``95 % confidence interval``.

    Returns
    -------
    str
        An SVG element.
    """
    places = np.arange(len(effects))
    with look():
        figure = sheet(6.6, 1.25 + 0.3 * len(effects))
        axes = figure.add_subplot()
        quiet_grid(axes, "x")
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        if effects["conf_low"].notna().any():
            label = f"screen, with {interval}"
            axes.hlines(places, effects["conf_low"], effects["conf_high"], color=ACCENT, linewidth=1.2, alpha=0.6)
        else:
            label = "screen (no confidence interval to be had)"
        axes.scatter(effects["screen"], places, s=28, color=ACCENT, linewidth=0, label=label, zorder=3)
        axes.scatter(
            effects["true"],
            places,
            s=30,
            marker="D",
            color="white",
            edgecolor=INK,
            linewidth=1.0,
            label="full factorial",
            zorder=4,
        )
        axes.set_yticks(places, [short(name) for name in effects["factor"]])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(effects) - 0.5, -0.5)
        axes.set_xlabel(f"effect on {short(response, 40)} (high \N{MINUS SIGN} low)")
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
        return to_svg(figure, "comparison")
