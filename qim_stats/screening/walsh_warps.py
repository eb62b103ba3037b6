"""Scales on which a response may be simpler: monotone transformations that the alias-aware posterior weighs.

Accuracies near a ceiling and losses near a floor breed interactions of every order, most of which vanish on a better
scale (on a recorded full factorial of a perceptron main effects carry 54 % of the variance of the accuracy, and 78 % on
a scale that stretches its upper end). Each scale is a model, g(y) = f(x) + noise with f as of ``walsh_components``, and
its evidence carries the Jacobian sum log g'(y), as in Box and Cox (1964, JRSS B 26, 211-252). What is asked for remains
the main effect on the response as given: f is drawn at all settings and turned back.

With t the response less its mean over its standard deviation, the scales are

    t                                    as it is
    (exp(a t) - 1) / a                   Manly (1976, The Statistician 25, 37-42): a > 0 stretches the upper end
    sinh(t)                              stretches both ends
    log((t - low) / (high - t))          between limits that lie beyond the data by a share of their range

The family is the same for t and -t, so that it does not matter whether a response is to be large or small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_MANLY = (-1.0, -0.5, 0.5, 1.0)
_LIMITS = ((0.15, 1.0), (1.0, 0.15), (0.15, 0.15), (0.5, 0.5))  # low, high: beyond the data, in ranges of the data
_BEYOND = 0.1  # ranges of the data by which a response turned back may leave them
_LEAST = 1e-6  # Manly's scale ends where 1 + a g is 0
NAMES = (
    "as given",
    *(f"exp({a:g} t)" for a in _MANLY),
    "sinh(t)",
    *(f"log((t - low)/(high - t)) with limits {low:g} below and {high:g} above" for low, high in _LIMITS),
)
STRETCHED = ("", *("lower" if a < 0.0 else "upper" for a in _MANLY), "both", "lower", "upper", "both", "both")
"""Which end of the response each scale stretches beside the other."""

MIRRORED = (0, 4, 3, 2, 1, 5, 7, 6, 8, 9)
"""Which scale does for -t what each does for t."""


@dataclass(frozen=True)
class Scales:
    """A response on w scales.

    Parameters
    ----------
    z : ndarray of float64, shape (n, w)
        The response on each, with a mean of 0 and a mean square of 1.
    log_slope : ndarray of float64, shape (w,)
        Sum over the trials of log g'(y) for g as in ``z``, up to a constant that all scales share; what is due to the
        rescaling of g is left to ``log_spread``.
    log_spread : ndarray of float64, shape (w,)
        Log standard deviation of each g before it was rescaled.
    back : tuple of callables
        Each turns values on its scale back to the response.
    """

    z: Array
    log_slope: Array
    log_spread: Array
    back: tuple[Callable[[Array], Array], ...]


def one_scale(y: Array) -> Scales:
    """Take a response as it is, shape (n,)."""
    return _scales(y, [_Warp(_same, _flat, _same)])


def all_scales(y: Array) -> Scales:
    """Put a response, shape (n,), on every scale of the family, in the order of ``NAMES``."""
    t = (y - y.mean()) / y.std()
    warps = [_Warp(_same, _flat, _same), *map(_manly, _MANLY), _Warp(np.sinh, _log_cosh, np.arcsinh)]
    warps += [_between(float(t.min()), float(t.max()), low, high) for low, high in _LIMITS]
    return _scales(y, warps)


@dataclass(frozen=True)
class _Warp:
    """g, log g' and the inverse of g, of t."""

    forward: Callable[[Array], Array]
    log_slope: Callable[[Array], Array]
    back: Callable[[Array], Array]


def _scales(y: Array, warps: list[_Warp]) -> Scales:
    mean, spread = float(y.mean()), float(y.std())
    t = (y - mean) / spread
    g = np.column_stack([warp.forward(t) for warp in warps])
    centers, spreads = g.mean(axis=0), g.std(axis=0)
    slopes = np.array([float(warp.log_slope(t).sum()) for warp in warps])
    margin = _BEYOND * (t.max() - t.min())
    low, high = float(t.min() - margin), float(t.max() + margin)
    back = [
        _returned(w, float(c), float(s), (low, high), mean, spread)
        for w, c, s in zip(warps, centers, spreads, strict=True)
    ]
    return Scales((g - centers) / spreads, slopes, np.log(spreads), tuple(back))


def _returned(
    warp: _Warp, center: float, spread: float, limits: tuple[float, float], y_mean: float, y_spread: float
) -> Callable[[Array], Array]:
    def back(values: Array) -> Array:
        t = warp.back(values * spread + center)
        # Curved scales run away beyond the data; on the response's own scale nothing is cut off.
        kept = t if warp.back is _same else np.clip(t, *limits)
        return np.asarray(kept * y_spread + y_mean, dtype=np.float64)

    return back


def _same(t: Array) -> Array:
    return t


def _flat(t: Array) -> Array:
    return np.zeros_like(t)


def _log_cosh(t: Array) -> Array:
    return np.asarray(np.logaddexp(t, -t) - np.log(2.0), dtype=np.float64)


def _manly(a: float) -> _Warp:
    return _Warp(
        lambda t: np.expm1(a * t) / a,
        lambda t: a * t,
        lambda g: np.log(np.maximum(1.0 + a * g, _LEAST)) / a,
    )


def _between(least: float, most: float, below: float, above: float) -> _Warp:
    low, high = least - below * (most - least), most + above * (most - least)

    def back(g: Array) -> Array:
        # 1 / (1 + exp(-g)), without overflow.
        return np.asarray(low + (high - low) * 0.5 * (1.0 + np.tanh(0.5 * g)), dtype=np.float64)

    return _Warp(
        lambda t: np.log((t - low) / (high - t)),
        lambda t: np.log((high - low) / ((t - low) * (high - t))),
        back,
    )
