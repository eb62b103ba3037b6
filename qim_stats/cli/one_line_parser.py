"""A command-line parser whose complaint is one line, as every mistake's is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from qim_stats.errors import one_line


class OneLineParser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` that points to ``--help`` in place of printing the usage."""

    def error(self, message: str) -> NoReturn:
        """Print the mistake and end with exit status 2."""
        self.exit(2, f"{one_line(message)}; see {self.prog} --help\n")

    def parse_known_args(  # type: ignore[override]  # the overloads of typeshed, all of which this takes
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Refuse what is not known where it stands: a verb's parser knows its options, that of the program does not."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            named = unknown[0].partition("=")[0]
            close = get_close_matches(named, self._option_string_actions, n=1) if named.startswith("-") else []
            meant = f"; did you mean {close[0]!r}?" if close else ""
            self.error(f"unrecognized arguments: {' '.join(unknown)}{meant}")
        return found, unknown
