"""The line of a key, wherever TOML lets it stand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffe_runner.study.toml_lines import line_of

TEXT = '''# a comment
name = """several
[factor]
lines"""
data = { source = "x", shape = [
  1, 28,
  28] }

[limits]   # low = 1
cpus = 1

[[factor]]
name = "low = 3"
low = 1
[[factor]]

  "high" = 2
low = [
 1,
]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("data",), 5),
        (("data", "shape"), 5),
        (("limits",), 9),
        (("limits", "cpus"), 10),
        (("limits", "absent"), 9),
        (("factor", 0), 12),
        (("factor", 0, "name"), 13),
        (("factor", 0, "low"), 14),
        (("factor", 1), 15),
        (("factor", 1, "high"), 17),
        (("factor", 1, "low"), 18),
        (("factor", 2, "low"), 12),
        (("absent",), 1),
        ((), 1),
        (("name", "deeper"), 2),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT.split("\n"), path) == line


@given(st.lists(st.integers(1, 3), min_size=1, max_size=12))
def test_keys_are_found_in_the_order_of_the_file(heights: list[int]) -> None:
    lines: list[str] = []
    starts = []
    for number, height in enumerate(heights):
        starts.append(len(lines) + 1)
        lines += [f"k{number} = [", *["1,"] * (height - 1), "]"] if height > 1 else [f"k{number} = 1"]
    found = [line_of(lines, (f"k{number}",)) for number in range(len(heights))]
    assert found == starts
    assert all(a < b for a, b in pairwise(found))
