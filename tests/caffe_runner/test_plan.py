from hypothesis import given
from hypothesis import strategies as st

from caffe_runner.plan import trial_seed


@given(study=st.integers(0, 2**63), number=st.integers(1, 10_000))
def test_a_seed_is_one_that_caffe_takes_and_the_same_every_time(study: int, number: int) -> None:
    seed = trial_seed(study, number)
    assert 1 <= seed <= 2**31 - 1
    assert seed == trial_seed(study, number)


def test_trials_and_studies_have_different_seeds() -> None:
    assert len({trial_seed(study, number) for study in range(4) for number in range(1, 257)}) == 1024
