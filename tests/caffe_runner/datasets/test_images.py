import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffe_runner.datasets.images import Images, draw_test
from caffe_runner.errors import DataError


def numbered(count: int) -> Images:
    return Images(np.zeros((count, 1, 1, 1), dtype=np.uint8), np.arange(count, dtype=np.int32))


@given(st.integers(2, 300), st.floats(0.01, 0.99), st.integers(0, 2**63))
def test_draw_parts_the_images_in_order(count, fraction, seed):
    if not 0 < round(fraction * count) < count:
        return
    parts = draw_test(numbered(count), fraction, seed, "here")
    train, test = parts.train.labels.tolist(), parts.test.labels.tolist()
    assert train == sorted(train)
    assert test == sorted(test)
    assert sorted(train + test) == list(range(count))
    assert len(test) == round(fraction * count)


def test_draw_follows_its_seed():
    draws = [draw_test(numbered(100), 0.3, seed, "here").test.labels.tolist() for seed in (1, 1, 2)]
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 3.0, float("nan")])
def test_fraction_out_of_range(fraction):
    with pytest.raises(DataError, match="not between 0 and 1"):
        draw_test(numbered(10), fraction, 0, "here")


@pytest.mark.parametrize(("fraction", "part"), [(0.01, "test"), (0.99, "train")])
def test_fraction_that_empties_a_part(fraction, part):
    with pytest.raises(DataError, match=f"leaves none to {part} on"):
        draw_test(numbered(10), fraction, 0, "here")
