"""Compare the orders of factors between budgets, levels and responses: python analysis/ranges/compare.py.

Reads what `run.py` and the recorded studies left, and writes agreement.csv and the tables of docs/ranges.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
from agreement import agreement
from cases import BASE, REPEATED
from factorial.truth import Truth, noise_of, truth
from page import write_tables

from qim_stats.trials import read_trials

FOLDER = Path(__file__).parent
LONGEST = "40 epochs"
BUDGETS_OF_LENET = (30, 100, 300)
SEED = 11


@dataclass(frozen=True)
class Pair:
    """Two tables, or two responses of one table, to be compared.

    Parameters
    ----------
    group : str
        The table of the page that it belongs to.
    reference, other : str
        What the two are called; the reference counts as right.
    first, second : Truth
        What they know.
    cost : float
        Of a trial of the other over that of the reference: processor time, or iterations where the machine was shared.
    correlation : float
        Between the noise of the two.
    changed : str
        The factor whose levels differ, if it is one.
    """

    group: str
    reference: str
    other: str
    first: Truth
    second: Truth
    cost: float = 1.0
    correlation: float = 0.0
    changed: str = ""

    def row(self) -> dict[str, str | float | bool]:
        """Return the comparison as a row of agreement.csv."""
        found = asdict(agreement(self.first, self.second, SEED, self.correlation))
        signals = {"signal": _signal(self.second), "signal_reference": _signal(self.first)}
        changed: dict[str, str | float | bool] = {}
        if self.changed:
            at = self.first.factors.index(self.changed)
            changed = {
                "rank_before": int(self.first.ranks[at]),
                "rank_after": int(self.second.ranks[at]),
                "effect_before": float(self.first.effects[at]),
                "effect_after": float(self.second.effects[at]),
            }
        return {
            "group": self.group,
            "reference": self.reference,
            "other": self.other,
            "factors": len(self.first.factors),
            "cost": self.cost,
            **found,
            **signals,
            "changed": self.changed,
            **changed,
        }


def _signal(known: Truth) -> float:
    # What a screening for the top three lives by: whether a few trials can see the third.
    return float(np.sort(known.sizes)[-3] / known.noise)


def perceptrons(effects: pd.DataFrame, told: pd.DataFrame) -> Iterator[Pair]:
    """Yield the comparisons among the cases of `run.py`: budgets, levels, responses."""
    seconds = told.set_index("case")["seconds"]
    for row in told.to_dict("records"):
        name, kind = str(row["case"]), str(row["kind"])
        reference = LONGEST if kind == "epochs" or name == BASE else BASE
        if name == reference:
            continue
        group = {"moved": "levels", "widened": "levels", BASE: "epochs"}.get(kind, kind)
        first, second = (_case_truth(effects, told, case, "log_loss") for case in (reference, name))
        cost = float(seconds[name] / seconds[reference])
        other = "20 epochs" if name == BASE else name
        yield Pair(group, reference, other, first, second, cost=cost, changed=str(row["changed"]))
    for row in told[told["kind"].isin([BASE, "epochs"])].to_dict("records"):
        name = str(row["case"])
        shown = "20 epochs" if name == BASE else name
        for response in ("accuracy", "brier", "log(log_loss)", "train_loss"):
            first, second = (_case_truth(effects, told, name, one) for one in ("log_loss", response))
            correlation = float(row[f"noise correlation log_loss, {response}"])
            label = f"perceptron, {shown}: log_loss"
            yield Pair("responses", label, response, first, second, correlation=correlation)


def _case_truth(effects: pd.DataFrame, told: pd.DataFrame, case: str, response: str) -> Truth:
    rows = effects[(effects["case"] == case) & (effects["response"] == response)]
    one = told[told["case"] == case].iloc[0]
    return Truth(
        tuple(rows["factor"]),
        _better(response) * rows["effect"].to_numpy(dtype=np.float64),
        float(rows["std_error"].iloc[0]),
        float(one[f"noise {response}"]),
        REPEATED,
    )


def _better(response: str) -> float:
    # All effects in one direction, less is better, so that signs can be compared.
    return -1.0 if response == "accuracy" else 1.0


def recorded() -> Iterator[Pair]:
    """Yield the comparisons among recorded studies: LeNet's budgets, and responses of the same trials."""
    analysis = FOLDER.parent
    lenets = {n: [analysis / "lenet_budget" / f"{n}.csv"] for n in BUDGETS_OF_LENET}
    longest = BUDGETS_OF_LENET[-1]
    for response in ("accuracy", "loss"):
        known = {n: _recorded_truth(paths, response) for n, paths in lenets.items()}
        for n in BUDGETS_OF_LENET[:-1]:
            names = (f"{longest} iterations, {response}", f"{n} iterations, {response}")
            yield Pair("lenet", *names, known[longest], known[n], cost=n / longest)
    for n, paths in lenets.items():
        yield _responses(f"LeNet, {n} iterations", paths, "accuracy", "loss")
    for folder, label, first, second in (
        ("digits_mlp", "perceptron, 9 factors", "log_loss", "accuracy"),
        ("diabetes_boosting", "boosted trees", "rmse", "mae"),
    ):
        paths = [analysis / folder / "full.csv", analysis / folder / "replicates.csv"]
        yield _responses(label, paths, first, second)


def _recorded_truth(paths: list[Path], response: str) -> Truth:
    factors = read_trials(paths[0]).factors
    tables = [pd.read_csv(path) for path in paths]
    known = truth(tables[0], factors, response, noise_of(tables, response))
    return replace(known, effects=_better(response) * known.effects)


def _responses(label: str, paths: list[Path], first: str, second: str) -> Pair:
    every = pd.concat([pd.read_csv(path) for path in paths])
    runs = every.groupby("run")
    within = (every[[first, second]] - runs[[first, second]].transform("mean"))[runs["seed"].transform("size") > 1]
    correlation = float(np.corrcoef(within.to_numpy().T)[0, 1])
    one, other = (_recorded_truth(paths, response) for response in (first, second))
    return Pair("responses", f"{label}: {first}", second, one, other, correlation=correlation)


def main() -> None:
    """Compare everything, write the numbers and the page's tables."""
    effects, told = (pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False) for name in ("effects", "cases"))
    pairs = [*perceptrons(effects, told), *recorded()]
    table = pd.DataFrame([pair.row() for pair in pairs])
    table.to_csv(FOLDER / "agreement.csv", index=False, lineterminator="\n", float_format="%.6g")
    write_tables(FOLDER.parents[1] / "docs" / "ranges.md", pd.read_csv(FOLDER / "agreement.csv"), effects)
    print(table.to_string())


if __name__ == "__main__":
    main()
