"""Small drawings inside table rows: an interval with its point, on one scale for the whole column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from qim_stats.report.numbers import is_missing

_WIDTH, _HEIGHT, _EDGE = 100.0, 16.0, 5.0


def rank_bars(ranks: Sequence[tuple[int | None, int, int]]) -> list[Markup]:
    """Draw rank intervals.

    Parameters
    ----------
    ranks : sequence of (rank, low, high)
        One per factor; the scale is 1 to their number. Without a rank there is no dot.

    Returns
    -------
    list of Markup
        An SVG element each.
    """
    k = len(ranks)
    step = (_WIDTH - 2 * _EDGE) / max(k - 1, 1)

    def place(rank: int) -> float:
        return _EDGE + step * (rank - 1) if k > 1 else _WIDTH / 2

    return [
        _bar(
            place(low),
            place(high),
            None if rank is None else place(rank),
            None,
            f"{'no rank' if rank is None else f'rank {rank}'}, interval {low} to {high} of {k}",
        )
        for rank, low, high in ranks
    ]


def effect_bars(effects: Sequence[tuple[Any, Any, Any]]) -> list[Markup]:
    """Draw effects with their confidence limits.

    Parameters
    ----------
    effects : sequence of (effect, low, high)
        In the response's unit; the limits, or all three, may be missing. The scale holds all of them and zero.

    Returns
    -------
    list of Markup
        An SVG element each, with a line at zero.
    """
    known = [float(v) for row in effects for v in row if not is_missing(v)]
    low, high = min([0.0, *known]), max([0.0, *known])
    span = (high - low) or 1.0

    def place(value: Any) -> float:
        return _EDGE + (_WIDTH - 2 * _EDGE) * (float(value) - low) / span

    drawn = []
    for effect, lower, upper in effects:
        limits = (effect, effect) if is_missing(lower) or is_missing(upper) else (lower, upper)
        if is_missing(effect):
            drawn.append(Markup(""))
            continue
        drawn.append(_bar(place(limits[0]), place(limits[1]), place(effect), place(0.0), None))
    return drawn


def _bar(low: float, high: float, point: float | None, zero: float | None, label: str | None) -> Markup:
    """Draw a line from low to high with a dot; described for screen readers unless the numbers stand beside it."""
    middle = _HEIGHT / 2
    spoken = f'role="img" aria-label="{label}"' if label else 'aria-hidden="true"'
    axis = "" if zero is None else f'<line class="zero" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{_HEIGHT:.0f}"/>'
    dot = "" if point is None else f'<circle cx="{point:.1f}" cy="{middle:.0f}" r="4"/>'
    # Numbers only: nothing here comes from the input.
    return Markup(  # noqa: S704
        f'<svg class="bar" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" {spoken}>{axis}'
        f'<line class="span" x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.0f}" y2="{middle:.0f}"/>'
        f"{dot}</svg>"
    )
