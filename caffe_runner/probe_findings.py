"""What a probe found: whether trials are deterministic, the noise floor, the time, and what the design can see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from caffe_runner.ledger import Entry
from caffe_runner.progress import trial_line
from caffe_runner.trial import AT_CHANCE, TrialState
from qim_stats.design import Design
from qim_stats.factors import Level
from qim_stats.plain import plain
from qim_stats.power import Noise, pooled_noise
from qim_stats.power.comparison import noise_record
from qim_stats.power.options import Sight, sight
from qim_stats.terminal.layout import labelled, number, wrap

SCHEMA = 1
SEED_REACH = (
    "Caffe's random_seed sets the initial weights and dropout, not the order of the data: this is the noise of these "
    "alone. With [data] orders in the study file it holds that of the order too."
)
SEED_REACH_ORDERS = (
    "A seed sets the initial weights and dropout, and chooses one of {orders} orders of the data: this is the noise of "
    "all of these."
)


@dataclass(frozen=True)
class Configuration:
    """One configuration that was probed.

    Parameters
    ----------
    place : str
        ``"low"``, ``"high"``, ``"center"`` or the number of a run.
    levels : mapping of str to level
        Of every factor.
    entries : tuple of Entry
        Its trials: the first two share a seed, the others have one each.
    """

    place: str
    levels: Mapping[str, Level]
    entries: tuple[Entry, ...]

    @property
    def repeats_agree(self) -> bool | None:
        """Whether the same seed twice gave the same numbers; None unless both trials are done."""
        first, second = (entry.result for entry in self.entries[:2])
        if first is None or second is None or {first.state, second.state} != {TrialState.DONE}:
            return None
        return dict(first.metrics) == dict(second.metrics)

    def responses(self, response: str) -> list[float]:
        """Return the response of each seed that was measured, the repeated seed once."""
        found = {
            entry.trial.seed: entry.result.metrics[response]
            for entry in reversed(self.entries)
            if entry.result is not None and entry.state is TrialState.DONE
        }
        return [found[entry.trial.seed] for entry in self.entries[1:] if entry.trial.seed in found]


@dataclass(frozen=True)
class Probe:
    """What came of a probe; made by ``caffe_runner.probe.probe``.

    Parameters
    ----------
    study, response : str
        The study's name and its response.
    configurations : tuple of Configuration
        Those probed.
    design : Design
        The study's design.
    chance : str
        When a trial of this study counts as never having learned, in words.
    orders : int
        Orders of the training images that a seed chooses among.
    power, confidence : float
        For which detectable effects are told.
    """

    study: str
    response: str
    configurations: tuple[Configuration, ...]
    design: Design
    chance: str = ""
    orders: int = 1
    power: float = 0.8
    confidence: float = 0.95

    @property
    def entries(self) -> list[Entry]:
        """Every probe trial."""
        return [entry for one in self.configurations for entry in one.entries]

    @property
    def complete(self) -> bool:
        """Whether every trial was measured."""
        return all(entry.state is TrialState.DONE for entry in self.entries)

    @property
    def deterministic(self) -> bool | None:
        """Whether each seed that was run twice gave the same numbers twice; None where that could not be seen."""
        seen = [one.repeats_agree for one in self.configurations]
        return False if False in seen else (None if None in seen else True)

    @property
    def seconds(self) -> float | None:
        """Mean time of a trial that is done."""
        times = [entry.result.seconds for entry in self.entries if entry.result and entry.state is TrialState.DONE]
        return sum(times) / len(times) if times else None

    def noise(self) -> Noise | str:
        """Return the SD over seeds, pooled over the configurations, or the reason why there is none, as a clause."""
        noise = pooled_noise([one.responses(self.response) for one in self.configurations], self.confidence)
        return noise if isinstance(noise, str) else replace(noise, seconds=self.seconds)

    def sight(self) -> Sight:
        """Return what the study's design can see, in SDs of a trial."""
        return sight(self.design, confidence=self.confidence, seed=self.design.seed)

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain values, with None for what cannot be had and the reason in ``alerts``.

        Returns
        -------
        dict
            Keys ``schema, study, response, deterministic, noise, seconds, design, configurations, alerts``.
        """
        noise, seen = self.noise(), self.sight()
        smallest = seen.detectable(self.power)
        known = None if isinstance(noise, str) else noise
        answer = {
            "schema": SCHEMA,
            "study": self.study,
            "response": self.response,
            "deterministic": self.deterministic,
            "noise": None if known is None else noise_record(known),
            "seconds": self.seconds,
            "design": {
                "trials": self.design.n,
                "error": seen.error.source,
                "df": None if seen.test is None else seen.test.df,
                "power": self.power,
                "confidence": self.confidence,
                "detectable_sd": smallest,
                "detectable": None if known is None or smallest is None else smallest * known.sd,
                "detectable_careful": None
                if known is None or smallest is None
                else smallest * (known.high or known.sd),
            },
            "configurations": [
                {
                    "at": one.place,
                    "levels": dict(one.levels),
                    "repeats_agree": one.repeats_agree,
                    "trials": [_trial_record(entry, self.response) for entry in one.entries],
                }
                for one in self.configurations
            ],
            "alerts": [{"code": code, "severity": level, "message": text} for code, level, text in self._alerts()],
        }
        return {key: plain(value) for key, value in answer.items()}

    def lines(self) -> list[str]:
        """Tell the findings in lines of at most 80 columns."""
        told = []
        for one in self.configurations:
            told += wrap(f"at {one.place}: " + ", ".join(f"{name} {level}" for name, level in one.levels.items()))
            values = one.responses(self.response)
            alone = pooled_noise([values], self.confidence)
            spread = "" if isinstance(alone, str) else f"; SD {number(alone.sd)}"
            told += labelled("seeds", f"{self.response} {', '.join(map(number, values)) or 'not measured'}{spread}")
        told.append("")
        told += labelled("same", self._same_words())
        told += labelled("noise", self._noise_words())
        if self.seconds is not None:
            told += labelled("time", f"{number(self.seconds)} s a trial, on average")
        told += labelled("design", self._design_words())
        for code, level, text in self._alerts():
            if code != "no_noise":
                told += labelled("note" if level == "info" else level, text)
        return told

    def _same_words(self) -> str:
        if self.deterministic is None:
            return "not known whether trials are deterministic: no seed was measured twice everywhere"
        if self.deterministic:
            return "the same seed twice gave the same numbers: trials are deterministic here"
        return "the same seed twice gave different numbers: trials are NOT deterministic here, whatever the seed"

    def _noise_words(self) -> str:
        noise = self.noise()
        if isinstance(noise, str):
            return f"no noise floor: {noise}"
        return (
            f"{self.response} varies over seeds with SD {number(noise.sd)} ({100 * noise.confidence:g} % limits "
            f"{number(noise.low)} to {number(noise.high)}, from {noise.trials} seeds, df {noise.df})"
        )

    def _design_words(self) -> str:
        noise, seen = self.noise(), self.sight()
        smallest = seen.detectable(self.power)
        if smallest is None:
            return f"its {self.design.n} trials leave no error estimate, so no effect can be told from noise"
        text = (
            f"its {self.design.n} trials see effects of {smallest:.3g} SDs or more in {100 * self.power:g} % of studies"
        )
        text += f" ({seen.error.words()})"
        if isinstance(noise, str):
            return text
        text += f": {number(smallest * noise.sd)} in {self.response}"
        return text if noise.high is None else f"{text}; {number(smallest * noise.high)} with the upper limit of the SD"

    def _alerts(self) -> list[tuple[str, str, str]]:
        reach = SEED_REACH if self.orders == 1 else SEED_REACH_ORDERS.format(orders=self.orders)
        found = [("seed_reach", "info", reach)]
        noise = self.noise()
        if isinstance(noise, str):
            found.append(("no_noise", "error", f"No noise floor: {noise}."))
        if self.deterministic is False:
            found.append(("not_deterministic", "warning", "The same seed twice gave different numbers."))
        if any(entry.result is not None and entry.result.reason == AT_CHANCE for entry in self.entries):
            text = f"Some trials never learned ({self.chance or AT_CHANCE}); their noise is not that of others."
            found.append(("at_chance", "warning", text))
        found += [
            ("not_done", "warning", f"at {one.place}: {trial_line(entry.trial, entry.result, self.response)}")
            for one in self.configurations
            for entry in one.entries
            if entry.result is not None and entry.state is not TrialState.DONE
        ]
        return found


def _trial_record(entry: Entry, response: str) -> dict[str, Any]:
    result = entry.result
    return {
        "number": entry.trial.number,
        "seed": entry.trial.seed,
        "state": entry.state.value,
        "reason": result.reason if result else None,
        "seconds": result.seconds if result else None,
        response: result.metrics.get(response) if result else None,
    }
