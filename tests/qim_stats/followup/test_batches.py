"""How many runs are added at a time, and that runs may join the block there is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from qim_stats.errors import QimError
from qim_stats.followup import augment
from qim_stats.followup.batches import batch_size, whole_batches
from qim_stats.followup.knowledge import Knowledge, learn, weighed
from qim_stats.followup.mixture import Mixture, mixture
from qim_stats.looks import stage_sizes
from qim_stats.screening.walsh_sets import enumerate_components
from qim_stats.screening.walsh_warps import one_scale

Array = npt.NDArray[np.float64]
Study = Callable[..., pd.DataFrame]


def ask(trials: pd.DataFrame, **options: Any) -> Any:
    return augment(trials, response="y", direction="maximize", **options)


@pytest.mark.parametrize(("jobs", "batch"), [(1, 4), (2, 4), (3, 6), (4, 4), (5, 5), (7, 7)])
def test_a_batch_is_the_least_multiple_from_four(jobs: int, batch: int) -> None:
    assert batch_size(jobs) == batch
    assert whole_batches(batch + 1, jobs) % jobs == 0


def test_runs_come_in_batches(study: Study) -> None:
    assert len(ask(study(5), jobs=3, method="replicates").runs) == 6
    found = ask(study(5), runs=7, jobs=4, method="replicates")
    assert len(found.runs) == 8
    assert [alert.code for alert in found.alerts].count("runs_rounded") == 1
    with pytest.raises(QimError, match="--jobs: 0 jobs"):
        ask(study(5), jobs=0)


def test_runs_may_join_the_block_there_is(study: Study) -> None:
    old = study(5)
    found = ask(old, runs=1, same_block=True, method="posterior")
    assert found.runs["block"].tolist() == [1]
    two = old.assign(block=["a"] * 4 + ["b"] * 8)
    assert set(ask(two, runs=3, same_block=True, method="posterior").runs["block"]) == {"b"}
    assert found.metadata["design"]["stages"] == 2
    assert stage_sizes(found.metadata["design"], len(found.joined)) == [12, 1]


def test_stages_that_do_not_make_up_the_table_are_not_known() -> None:
    assert stage_sizes({}, 12) == [12]
    assert stage_sizes({"stages": 2}, 12) is None
    assert stage_sizes({"stages": 2, "stage_trials": [12, 4]}, 16) == [12, 4]
    for sizes in ([16], [12, 5], [20, -4], "16", [12.5, 3.5], [True, 15]):
        assert stage_sizes({"stages": 2, "stage_trials": sizes}, 16) is None


def test_a_block_less_is_a_degree_of_freedom_more(study: Study) -> None:
    old = study(4)
    x = old[[f"x{i}" for i in range(4)]].to_numpy() / 5.0 - 1.0
    ahead = np.vstack([x[:3], -x[:1]])
    apart, joined = (
        by_components(learn(x, old["y"].to_numpy(), None, runs=4, seed=0, joins=joins), ahead) for joins in (None, "")
    )
    assert joined.cells.df == apart.cells.df + 1
    two = ["a"] * 6 + ["b"] * 6
    known = learn(x, old["y"].to_numpy(), two, runs=4, seed=0, joins="b")
    assert known.ahead is not None
    assert known.ahead.tolist() == [1.0]
    assert by_components(known, ahead).cells.nuisance.shape[1] == by_components(known).cells.nuisance.shape[1]


def by_components(known: Knowledge, ahead: Array | None = None) -> Mixture:
    found = enumerate_components(known.cells, one_scale(known.y))
    return mixture(known, weighed(known.cells, known.y, found), ahead)


def test_the_goal_or_the_option_says_when_it_is_settled(study: Study) -> None:
    old = study(4)
    assert ask(old, method="replicates").probability == 0.9
    assert ask(old, method="replicates", goal="top-1 settled at 0.8").probability == 0.8
    assert ask(old, method="replicates", goal="top-1 settled at 0.8", probability=0.8).goal.text == "top-1"
    with pytest.raises(QimError, match=r"--probability: the goal is to be settled at 0.8 and at 0.9"):
        ask(old, method="replicates", goal="top-1 settled at 0.8", probability=0.9)
