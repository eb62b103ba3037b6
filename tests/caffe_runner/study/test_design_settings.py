"""The [design] table of a study: every kind and option reaches the design, and plain studies keep their identity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caffe_runner.errors import StudyError
from caffe_runner.study.check import check_study
from caffe_runner.study.study_file import canonical_text, load_study

PLAIN = 'kind = "plackett-burman"\nruns = 12\n'
TEXTS = """
[[factor]]
name = "weight_filler"
target = 'net.layer[*].type where type is "InnerProduct" -> weight_filler.type'
low = "gaussian"
high = "xavier"
"""

WriteStudy = Callable[..., Path]


@pytest.mark.parametrize(
    ("table", "trials"),
    [
        ('kind = "fractional"\nresolution = 4\n', 16),
        ('kind = "fractional"\nruns = 32\nblocks = 4\n', 32),
        ('kind = "box-tyssedal"\n', 16),
        ('kind = "no-confounding"\norder = "drift-proof"\n', 16),
        ('runs = 20\ncolumns = "best"\nfoldover = true\n', 40),
    ],
)
def test_kinds_and_options(write_study: WriteStudy, table: str, trials: int) -> None:
    study = load_study(write_study((PLAIN, table)))
    assert study.build_design().n == trials
    check_study(study)


def test_center_points_reach_the_trials(write_study: WriteStudy) -> None:
    study = load_study(write_study((PLAIN, PLAIN + "center_points = 2\n"), (TEXTS, "")))
    design = study.build_design()
    assert (design.n, design.center_points) == (14, 2)
    row = design.natural().loc[design.at_center].iloc[0]
    assert (row["batch_size"], row["filters"], row["max_iter"]) == (32, 16, 150)


def test_a_text_factor_has_no_middle(write_study: WriteStudy) -> None:
    path = write_study((PLAIN, PLAIN + "center_points = 2\n"))
    with pytest.raises(StudyError, match=r"study\.toml:16: .*'weight_filler' has not"):
        load_study(path).build_design()


def test_a_middle_that_no_field_takes_is_refused_before_the_first_trial(write_study: WriteStudy) -> None:
    path = write_study((PLAIN, 'kind = "definitive"\n'), (TEXTS, ""), ("high = 24", "high = 25"))
    with pytest.raises(StudyError, match="the design needs 'filters' halfway between its levels"):
        check_study(load_study(path))


def test_the_identity_of_a_plain_study_is_what_it_was_before_there_were_other_designs(write_study: WriteStudy) -> None:
    lines = [line for line in canonical_text(load_study(write_study())).splitlines() if line.startswith("design.")]
    assert lines == [
        'design.kind = "plackett-burman"',
        "design.runs = 12",
        "design.foldover = false",
        "design.replicates = 1",
    ]
    other = canonical_text(load_study(write_study((PLAIN, PLAIN + "blocks = 2\n"))))
    assert "design.blocks = 2" in other


@pytest.mark.parametrize(
    "table", ['kind = "factorial"\n', "center_points = -1\n", 'columns = "worst"\n', "blocks = 0\n"]
)
def test_mistakes_name_the_line(write_study: WriteStudy, table: str) -> None:
    with pytest.raises(StudyError, match=r"study\.toml:14: "):
        load_study(write_study((PLAIN, table)))
