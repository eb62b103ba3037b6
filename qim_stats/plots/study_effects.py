"""The effects of each factor in several studies, side by side, with the pooled one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qim_stats.plots.sheet import ACCENT, INK, MUTED, look, quiet_grid, sheet, short, to_svg

_HIGHEST = 40.0


def study_effects(effects: pd.DataFrame, pooled: pd.DataFrame, *, unit: str, interval: str) -> str:
    """Draw a group of dots per factor, one for each study, and the pooled effect with its limits.

    Parameters
    ----------
    effects : DataFrame
        ``study, factor, effect``, the factors in the order to be read.
    pooled : DataFrame
        ``factor, effect, conf_low, conf_high``, in the same order; NaN where nothing could be pooled.
    unit : str
        What an effect is measured in, for the axis.
    interval : str
        What the limits are.

    Returns
    -------
    str
        An SVG element.
    """
    names = pooled["factor"].tolist()
    studies = list(dict.fromkeys(effects["study"]))
    offsets = np.linspace(-0.28, 0.28, len(studies)) if len(studies) > 1 else np.zeros(1)
    with look():
        figure = sheet(6.6, min(_HIGHEST, 1.2 + 0.42 * len(names)))
        axes = figure.add_subplot()
        quiet_grid(axes, "x")
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        place = {name: i for i, name in enumerate(names)}
        for study, offset in zip(studies, offsets, strict=True):
            rows = effects[effects["study"] == study]
            at = np.array([place[name] for name in rows["factor"]]) + offset
            label = "a study" if study == studies[0] else None
            axes.scatter(rows["effect"], at, s=16, color=MUTED, linewidth=0, label=label)
        known = pooled["conf_low"].notna().to_numpy()
        if known.any():
            at = np.flatnonzero(known)
            axes.hlines(at, pooled["conf_low"][known], pooled["conf_high"][known], color=ACCENT, linewidth=1.4)
            label = f"pooled, with {interval}"
            axes.scatter(
                pooled["effect"][known], at, s=34, marker="D", color=ACCENT, edgecolor=INK, linewidth=0.5, label=label
            )
        axes.set_yticks(np.arange(len(names)), [short(name) for name in names])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlabel(f"effect (high \N{MINUS SIGN} low), {short(unit, 40)}")
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
        return to_svg(figure, "studies")
