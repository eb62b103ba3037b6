"""The scale on which the response is simpler, as the alias-aware layer weighs it, and the transform that is like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.model.transform import IDENTITY, TRANSFORMS, Transform
from qim_stats.screening.walsh_warps import STRETCHED, all_scales

Array = npt.NDArray[np.float64]
CLEARLY = 0.9
"""Probability from which it is said in words that the response is simpler on another scale."""

_CANDIDATES = ("log", "sqrt", "logit")
_LIKE = 0.5  # of what the response as given leaves unexplained of a scale, what a transform like it may leave
_WORDS = {"lower": "its lower end stretched", "upper": "its upper end stretched", "both": "both ends stretched"}


@dataclass(frozen=True)
class ResponseScale:
    """How probable each scale is.

    Parameters
    ----------
    scales : DataFrame, shape (w, 2)
        ``scale, probability``, in the order of ``walsh_warps.NAMES``.
    stretched : str or None
        Which end of the response the scales stretch that are together more probable than ``CLEARLY``: "lower", "upper"
        or "both"; None where there is no such.
    probability : float or None
        Theirs.
    transform : str or None
        The transform of the response that is like the likeliest of them.
    """

    scales: pd.DataFrame = field(repr=False)
    stretched: str | None = None
    probability: float | None = None
    transform: str | None = None

    def words(self, response: str) -> str | None:
        """Tell it in a sentence or two; None where no other scale is clearly better.

        Parameters
        ----------
        response : str
            What the model is of, such as ``log(loss)``.

        Returns
        -------
        str or None
            In plain text.
        """
        if self.stretched is None or self.probability is None:
            return None
        shown = f"{min(self.probability, 0.99):.2f}"
        known = f"{response} is simpler with {_WORDS[self.stretched]} (probability {shown}): part of the interactions"
        advice = "" if self.transform is None else f"; --transform {self.transform} shows the effects on such a scale"
        return f"{known} is in the scale. Rank intervals allow for that{advice}."


def response_scale(p_scale: Mapping[str, float], y: Array, transform: str) -> ResponseScale:
    """Tell on which scale a response is simpler.

    Parameters
    ----------
    p_scale : mapping of str to float
        As of ``WalshPosterior``.
    y : ndarray of float64, shape (n,)
        The response of the model.
    transform : str
        By which it was made; only a response as it is gets advice.

    Returns
    -------
    ResponseScale
        A transform is named if it comes much nearer to the likeliest scale than the response as given: if the straight
        line through it leaves at most half of the variance that one through the response leaves.
    """
    scales = pd.DataFrame(list(p_scale.items()), columns=["scale", "probability"])
    found = scales["probability"].to_numpy(dtype=np.float64)
    ends = np.array(STRETCHED[: len(found)])
    for end in _WORDS:
        share = float(found[ends == end].sum())
        if share > CLEARLY:
            likeliest = int(np.argmax(np.where(ends == end, found, 0.0)))
            like = _transform_like(all_scales(y).z[:, likeliest], y) if transform == IDENTITY.name else None
            return ResponseScale(scales, end, share, like)
    return ResponseScale(scales)


def _transform_like(z: Array, y: Array) -> str | None:
    left = {t.name: _left(z, t, y) for t in (TRANSFORMS[name] for name in _CANDIDATES) if bool(t.allows(y).all())}
    if not left:
        return None
    best = min(left, key=left.__getitem__)
    return best if left[best] <= _LIKE * _left(z, IDENTITY, y) else None


def _left(z: Array, transform: Transform, y: Array) -> float:
    """Return the share of the variance of z that a straight line through the transformed response leaves."""
    return 1.0 - float(np.corrcoef(z, transform.forward(y))[0, 1]) ** 2
