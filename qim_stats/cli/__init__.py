"""The command line: a file for each verb, thin: ask, call the library, print."""

from __future__ import annotations

from qim_stats.cli.verbs import main

__all__ = ["main"]
