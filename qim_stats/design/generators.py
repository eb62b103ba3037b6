"""Generators of minimum aberration 2^(k-p) designs of 8, 16, 32 and 64 runs: a table, made by search.

A column of a regular design is a product of m = log2(runs) basic columns, here the number whose bits say which: 1 is
the first basic column, 2 the second, 3 their product, 4 the third (Yates's order). The first m factors take the basic
columns; the table lists the columns of the others.

The search (its command is in tests/reference/minimum_aberration.py) builds all sets of columns that differ in more than
the names of factors, a column at a time, and keeps the set whose word length pattern comes first: for 8, 16 and 32 runs
over all designs, for 64 runs and up to 32 factors over all designs of resolution IV or more, which exist there. For 64
runs and 33 to 63 factors it is taken over the designs that hold all 32 products of an odd number of basic columns; such
a design has the fewest words of length three (Chen, H. and Hedayat, A. S. (1996), 2^(n-l) designs with weak minimum
aberration, Ann. Statist. 24, 2536-2548), and the table lists the products of an even number alone.
"""

from __future__ import annotations

_GENERATORS = {
    8: """
        4: 7
        5: 3 5
        6: 5 6 7
        7: 3 5 6 7
    """,
    16: """
        5: 15
        6: 7 11
        7: 7 11 13
        8: 7 11 13 14
        9: 3 5 9 14 15
        10: 5 6 7 9 10 11
        11: 9 10 11 12 13 14 15
        12: 7 9 10 11 12 13 14 15
        13: 3 5 9 10 11 12 13 14 15
        14: 5 6 7 9 10 11 12 13 14 15
        15: 3 5 6 7 9 10 11 12 13 14 15
    """,
    32: """
        6: 31
        7: 7 27
        8: 7 11 29
        9: 7 11 19 29
        10: 7 11 19 29 30
        11: 7 11 13 19 21 25
        12: 7 11 13 14 19 21 25
        13: 7 11 13 14 19 21 22 25
        14: 7 11 13 14 19 21 22 25 26
        15: 7 11 13 14 19 21 22 25 26 28
        16: 7 11 13 14 19 21 22 25 26 28 31
        17: 3 5 9 14 15 17 22 23 26 27 28 29
        18: 5 6 7 9 10 11 17 18 19 28 29 30 31
        19: 9 10 11 12 13 14 15 17 18 19 20 21 22 23
        20: 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        21: 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        22: 7 11 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        23: 11 13 14 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        24: 7 11 13 14 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        25: 3 5 9 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        26: 5 6 7 9 10 11 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        27: 9 10 11 12 13 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        28: 7 9 10 11 12 13 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        29: 3 5 9 10 11 12 13 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        30: 5 6 7 9 10 11 12 13 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        31: 3 5 6 7 9 10 11 12 13 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
    """,
    64: """
        7: 63
        8: 15 51
        9: 7 27 45
        10: 7 27 43 53
        11: 7 11 29 45 51
        12: 7 11 29 45 51 62
        13: 7 11 19 29 37 57 63
        14: 7 11 19 29 35 45 53 57
        15: 7 11 19 29 35 45 53 57 63
        16: 7 11 13 19 21 35 37 57 58 60
        17: 7 11 13 14 19 21 35 37 57 58 60
        18: 7 11 13 14 19 21 22 35 37 57 58 60
        19: 7 11 13 14 19 21 22 35 37 38 57 58 60
        20: 7 11 13 14 19 21 22 35 37 38 57 58 60 63
        21: 7 11 13 14 19 21 22 25 35 41 42 49 52 56 62
        22: 7 11 13 14 19 21 22 25 35 37 41 42 49 52 56 62
        23: 7 11 13 14 19 21 22 25 26 35 37 38 41 44 49 55 56
        24: 7 11 13 14 19 21 22 25 26 35 37 38 41 42 49 52 56 62
        25: 7 11 13 14 19 21 22 25 26 28 35 37 38 41 42 49 52 56 62
        26: 7 11 13 14 19 21 22 25 26 28 35 37 38 41 42 44 49 50 52 56
        27: 7 11 13 14 19 21 22 25 26 28 31 35 37 38 41 42 44 49 50 52 56
        28: 7 11 13 14 19 21 22 25 26 28 31 35 37 38 41 42 44 47 49 50 52 56
        29: 7 11 13 14 19 21 22 25 26 28 31 35 37 38 41 42 44 47 49 50 52 55 56
        30: 7 11 13 14 19 21 22 25 26 28 31 35 37 38 41 42 44 47 49 50 52 55 56 59
        31: 7 11 13 14 19 21 22 25 26 28 31 35 37 38 41 42 44 47 49 50 52 55 56 59 61
        32: 7 11 13 14 19 21 22 25 26 28 31 35 37 38 41 42 44 47 49 50 52 55 56 59 61 62
        33: 33
        34: 33 34
        35: 33 34 36
        36: 33 34 36 40
        37: 33 34 36 40 48
        38: 33 34 36 40 48 63
        39: 27 33 34 36 39 40 48
        40: 29 33 34 36 39 40 43 48
        41: 29 33 34 36 39 40 43 48 51
        42: 29 30 33 34 36 39 40 43 48 51
        43: 33 34 36 39 40 43 45 48 51 53 57
        44: 33 34 36 39 40 43 45 46 48 51 53 57
        45: 33 34 36 39 40 43 45 46 48 51 53 54 57
        46: 33 34 36 39 40 43 45 46 48 51 53 54 57 58
        47: 33 34 36 39 40 43 45 46 48 51 53 54 57 58 60
        48: 33 34 36 39 40 43 45 46 48 51 53 54 57 58 60 63
        49: 15 17 18 20 23 24 27 29 30 48 51 53 54 57 58 60 63
        50: 15 17 18 20 23 24 27 29 30 46 48 51 53 54 57 58 60 63
        51: 15 17 18 20 23 24 27 29 30 45 46 48 51 53 54 57 58 60 63
        52: 15 17 18 20 23 24 27 29 30 43 45 46 48 51 53 54 57 58 60 63
        53: 15 17 18 20 23 24 27 29 30 39 43 45 46 48 51 53 54 57 58 60 63
        54: 10 12 15 17 18 20 23 24 27 29 30 43 45 46 48 51 53 54 57 58 60 63
        55: 9 10 12 15 17 18 20 23 24 27 29 30 43 45 46 48 51 53 54 57 58 60 63
        56: 9 10 12 15 17 18 20 23 24 27 29 30 40 43 45 46 48 51 53 54 57 58 60 63
        57: 9 10 12 15 17 18 20 23 24 27 29 30 39 40 43 45 46 48 51 53 54 57 58 60 63
        58: 6 9 10 12 15 17 18 20 23 24 27 29 30 39 40 43 45 46 48 51 53 54 57 58 60 63
        59: 5 6 9 10 12 15 17 18 20 23 24 27 29 30 39 40 43 45 46 48 51 53 54 57 58 60 63
        60: 5 6 9 10 12 15 17 18 20 23 24 27 29 30 36 39 40 43 45 46 48 51 53 54 57 58 60 63
        61: 3 5 6 9 10 12 15 17 18 20 23 24 27 29 30 36 39 40 43 45 46 48 51 53 54 57 58 60 63
        62: 3 5 6 9 10 12 15 17 18 20 23 24 27 29 30 34 36 39 40 43 45 46 48 51 53 54 57 58 60 63
        63: 3 5 6 9 10 12 15 17 18 20 23 24 27 29 30 33 34 36 39 40 43 45 46 48 51 53 54 57 58 60 63
    """,
}

_ALL_ODD = 32
"""With 64 runs and more factors than these, all products of an odd number of basic columns are there."""

MAX_RUNS = max(_GENERATORS)


def generated_columns(runs: int, k: int) -> tuple[int, ...]:
    """Return the columns of the factors beyond the basic ones in the best design known here.

    Parameters
    ----------
    runs : int
        8, 16, 32 or 64.
    k : int
        The number of factors, more than log2(runs) and less than ``runs``.

    Returns
    -------
    tuple of int
        k - log2(runs) numbers whose bits name the basic columns that are multiplied.

    Raises
    ------
    KeyError
        If there is no such design.
    """
    table = {int(line.split(":")[0]): line.split(":")[1] for line in _GENERATORS[runs].strip().splitlines()}
    listed = tuple(int(column) for column in table[k].split())
    if runs == MAX_RUNS and k > _ALL_ODD:
        return (*(c for c in range(1, runs) if c.bit_count() % 2 and c.bit_count() > 1), *listed)
    return listed
