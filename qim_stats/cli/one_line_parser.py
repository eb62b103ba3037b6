"""A command-line parser whose complaint is one line, as every mistake's is."""

from __future__ import annotations

import argparse
from typing import NoReturn

from qim_stats.errors import one_line


class OneLineParser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` that points to ``--help`` in place of printing the usage."""

    def error(self, message: str) -> NoReturn:
        """Print the mistake and end with exit status 2."""
        self.exit(2, f"{one_line(message)}; see {self.prog} --help\n")
