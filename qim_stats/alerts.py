"""Alerts: what a reader should know beside the numbers, each with a code a program can act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing the reader should know.

    Parameters
    ----------
    code : str
        A stable word for programs, such as ``"trials_set_aside"``.
    severity : {"info", "warning", "error"}
        ``"error"`` means that an answer is missing, ``"warning"`` that one rests on something doubtful.
    message : str
        One or more full sentences.
    """

    code: str
    severity: Severity
    message: str


def listed(names: list[str], limit: int = 12) -> str:
    """Join names for a sentence, shortened with a count when there are more than ``limit``."""
    shown = names if len(names) <= limit else [*names[:limit], f"{len(names) - limit} more"]
    if len(shown) <= 1:
        return "".join(shown)
    return ", ".join(shown[:-1]) + " and " + shown[-1]
