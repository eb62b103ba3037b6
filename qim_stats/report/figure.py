"""A figure as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Picture:
    """An SVG element, its description for who cannot see it, and a sentence on how to read it.

    Parameters
    ----------
    drawing : str
        The element, made by ``qim_stats.plots``, which escapes every text in it.
    label, caption : str
        Plain text.
    """

    drawing: str
    label: str
    caption: str

    @property
    def svg(self) -> Markup:
        """The element, to be put into the page as it is."""
        return Markup(self.drawing)  # noqa: S704  serialized by an XML library, names as text
