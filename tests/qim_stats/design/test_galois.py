from __future__ import annotations

import numpy as np
import pytest

from qim_stats.design.galois import jacobsthal, powers_of_generator, prime_power

FIELDS = [3, 5, 7, 9, 11, 13, 25, 27, 49, 81]


@pytest.mark.parametrize(
    ("q", "pair"), [(2, (2, 1)), (9, (3, 2)), (27, (3, 3)), (49, (7, 2)), (64, (2, 6)), (97, (97, 1))]
)
def test_prime_powers(q: int, pair: tuple[int, int]) -> None:
    assert prime_power(q) == pair


@pytest.mark.parametrize("q", [-3, 0, 1, 6, 15, 45, 91])
def test_no_prime_powers(q: int) -> None:
    assert prime_power(q) is None


@pytest.mark.parametrize("q", FIELDS)
def test_jacobsthal_satisfies_paleys_lemma(q: int) -> None:
    # Paley (1933), lemma 2: QQ' = qI - J, QJ = JQ = 0, Q' = (-1)^((q-1)/2) Q. It holds only for the true field of q
    # elements: the integers modulo 9, 25, ... fail it.
    matrix = jacobsthal(q)
    ones = np.ones((q, q), dtype=int)
    assert (matrix @ matrix.T == q * np.eye(q, dtype=int) - ones).all()
    assert not (matrix @ ones).any()
    assert not (ones @ matrix).any()
    assert (matrix * (1 if q % 4 == 1 else -1) == matrix.T).all()


def test_squares_of_eleven() -> None:
    assert [i for i in range(11) if jacobsthal(11)[0, i] == 1] == [1, 3, 4, 5, 9]


@pytest.mark.parametrize(("p", "e"), [(2, 4), (3, 2), (3, 3), (5, 2), (7, 2), (43, 1)])
def test_generator_reaches_every_nonzero_element_once(p: int, e: int) -> None:
    powers = {tuple(row) for row in powers_of_generator(p, e).tolist()}
    assert len(powers) == p**e - 1
    assert (0,) * e not in powers


@pytest.mark.parametrize("q", [1, 6, 8, 15])
def test_jacobsthal_needs_an_odd_prime_power(q: int) -> None:
    with pytest.raises(ValueError, match="odd prime power"):
        jacobsthal(q)
