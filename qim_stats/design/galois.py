"""Arithmetic of small finite fields: just what Paley's constructions need, the differences and the squares of GF(q)."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


def prime_power(q: int) -> tuple[int, int] | None:
    """Write q as a power of a prime.

    Parameters
    ----------
    q : int
        Any number.

    Returns
    -------
    tuple of (int, int) or None
        The prime p and the exponent e with q = p**e, e >= 1; None when there is no such pair.
    """
    if q < 2:
        return None
    p = next((d for d in range(2, int(q**0.5) + 1) if q % d == 0), q)
    e = 0
    while q % p == 0:
        q //= p
        e += 1
    return (p, e) if q == 1 else None


def jacobsthal(q: int) -> IntArray:
    """Return Jacobsthal's matrix of the field with q elements.

    Parameters
    ----------
    q : int
        An odd prime power.

    Returns
    -------
    ndarray of int64, shape (q, q)
        Q[i, j] = chi(a_j - a_i): 1 for a nonzero square, -1 for a nonsquare, 0 on the diagonal. For a prime q the
        elements are 0..q-1 in this order, so that each row is the row above it moved one place to the right.

    Raises
    ------
    ValueError
        If q is not an odd prime power.

    Notes
    -----
    Paley, R. E. A. C. (1933), On orthogonal matrices, J. Math. Phys. 12, 311-320.
    """
    pair = prime_power(q)
    if pair is None or pair[0] == 2:
        raise ValueError(f"{q} is not an odd prime power")
    p, e = pair
    weights = p ** np.arange(e)
    # Element i of the field is the polynomial whose coefficients are the digits of i to the base p, lowest first.
    digits = np.arange(q)[:, None] // weights % p
    differences = (digits[None, :, :] - digits[:, None, :]) % p @ weights
    chi = np.full(q, -1, dtype=np.int64)
    chi[0] = 0
    # Every second power of a generator is a square, and half of the nonzero elements are.
    chi[powers_of_generator(p, e)[::2] @ weights] = 1
    result: IntArray = chi[differences]
    return result


def powers_of_generator(p: int, e: int) -> IntArray:
    """Return the powers of a generator of the multiplicative group of GF(p**e).

    Parameters
    ----------
    p : int
        A prime.
    e : int
        The degree of the field over GF(p).

    Returns
    -------
    ndarray of int64, shape (p**e - 1, e)
        Row i holds the coefficients (lowest first) of the i-th power, from the power 0.

    Notes
    -----
    The generator is x modulo the first monic polynomial of degree e for which the powers of x run through all
    nonzero elements, that is, the first primitive polynomial: it is irreducible, as x could not reach every nonzero
    element otherwise. For e = 1 this is the smallest primitive root of p.
    """
    for tail in product(range(p), repeat=e):
        powers = _cycle(tail, p)
        if len(powers) == p**e - 1:
            return np.array(powers, dtype=np.int64)
    raise ValueError(f"{p} is not a prime")  # every finite field has a generator


def _cycle(tail: tuple[int, ...], p: int) -> list[tuple[int, ...]]:
    """List the powers of x while x**e = tail (lowest coefficient first), until one returns."""
    e = len(tail)
    power = (1,) + (0,) * (e - 1)
    powers: list[tuple[int, ...]] = []
    seen: set[tuple[int, ...]] = set()
    while power not in seen and any(power):
        seen.add(power)
        powers.append(power)
        power = tuple((below + power[-1] * t) % p for below, t in zip((0, *power[:-1]), tail, strict=True))
    return powers
