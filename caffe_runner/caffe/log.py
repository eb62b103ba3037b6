"""Caffe's log, line by line, to metrics, progress and divergence.

All of Caffe's output is glog text whose prefix and iteration lines differ between builds; nothing here depends on
either. Divergence is judged by the loss alone: Caffe's last master counts NaN outputs as correct, so a diverged net can
print ``accuracy = 1``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

_NUMBER = r"(?P<value>[-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|nan|inf))"
_TRAINING = re.compile(rf"Iteration (?P<iteration>\d+)(?: \([^)]*\))?, loss = {_NUMBER}", re.IGNORECASE)
_TESTING = re.compile(r"Iteration (?P<iteration>\d+), Testing net \(#(?P<net>\d+)\)")
_OUTPUT = re.compile(rf"Test net output #\d+: (?P<name>.+?) = {_NUMBER}(?P<loss> \(\* )?", re.IGNORECASE)
_FATAL = re.compile(r"^F\S* .*?\] (?P<message>.*)")


@dataclass(slots=True)
class _TestPass:
    iteration: int
    values: dict[str, list[float]] = field(default_factory=dict)


class CaffeLog:
    """What a Caffe training log has said so far.

    Attributes
    ----------
    iteration : int
        The last iteration the log named.
    loss : float or None
        The last training loss.
    diverged : str
        Empty, or the first evidence of a loss that is not a finite number.
    fatal : str
        Empty, or Caffe's first fatal message.
    """

    def __init__(self) -> None:
        self.iteration = 0
        self.loss: float | None = None
        self.diverged = ""
        self.fatal = ""
        self._loss_at = 0
        self._passes: dict[int, _TestPass] = {}
        self._testing: _TestPass | None = None

    def feed(self, line: str) -> None:
        """Take one line of the log, without its line break."""
        if match := _TESTING.search(line):
            self.iteration = int(match["iteration"])
            self._testing = self._passes[int(match["net"])] = _TestPass(self.iteration)
        elif match := _OUTPUT.search(line):
            self._take_output(match["name"], float(match["value"]), is_loss=match["loss"] is not None)
        elif match := _TRAINING.search(line):
            self.iteration = int(match["iteration"])
            self._loss_at = self.iteration
            self.loss = float(match["value"])
            self._judge("training loss", self.loss)
        elif not self.fatal and (match := _FATAL.match(line)):
            self.fatal = match["message"].strip()

    def last_test(self, net: int, iteration: int) -> dict[str, float]:
        """Return the outputs of a test net at the end of training.

        Parameters
        ----------
        net : int
            The index of the test net in the solver, from 0.
        iteration : int
            The iteration the pass must belong to: the solver's ``max_iter``.

        Returns
        -------
        dict of str to float
            One value per output, ``name[0]``, ``name[1]``, ... for an output of several values; empty when that pass
            is not in the log.
        """
        test = self._passes.get(net)
        if test is None or test.iteration != iteration:
            return {}
        metrics = {}
        for name, values in test.values.items():
            if len(values) == 1:
                metrics[name] = values[0]
            else:
                metrics.update({f"{name}[{i}]": value for i, value in enumerate(values)})
        return metrics

    def last_loss(self, iteration: int) -> float | None:
        """Return the training loss at the end of training.

        Parameters
        ----------
        iteration : int
            The iteration it must belong to: the solver's ``max_iter``.

        Returns
        -------
        float or None
            None where the log does not show it there, as ``display`` does not divide ``max_iter``.
        """
        return self.loss if self._loss_at == iteration else None

    def _take_output(self, name: str, value: float, *, is_loss: bool) -> None:
        if self._testing is not None:
            self._testing.values.setdefault(name, []).append(value)
        if is_loss:
            self._judge(f"test output {name}", value)

    def _judge(self, what: str, value: float) -> None:
        if not self.diverged and not math.isfinite(value):
            self.diverged = f"{what} is {value} at iteration {self.iteration}"
