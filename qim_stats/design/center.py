"""Center points: one run with every factor in the middle, repeated, for pure error, curvature and drift."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qim_stats.design.design import DEFINITIVE, Design, rebuilt
from qim_stats.design.middle import check_numeric, with_middle_warnings
from qim_stats.errors import DesignError

MAX_CENTER_POINTS = 1_000


def center_points(design: Design, count: int) -> Design:
    """Add center points to a design.

    Parameters
    ----------
    design : Design
        A design whose factors are all numeric; foldover, replicates and blocks come before.
    count : int
        How many trials to add, 0 or more; 0 leaves the design as it is.

    Returns
    -------
    Design
        The new trials are replicates of one run, coded 0 in every factor and dummy: a new run number, or that of the
        center run which a definitive screening design has already. They are shared out evenly among the blocks, the
        first blocks first, and stand evenly spaced in the order of each.

    Raises
    ------
    DesignError
        If the count is not a whole number, a factor is not numeric, or the design has center points already.

    Notes
    -----
    Center points leave the estimates of effects as they are: their rows are 0 in all columns but the constant. The mean
    of them against the mean of the others shows curvature (Box, G. E. P. and Draper, N. R. (1987), Empirical
    Model-Building and Response Surfaces, section 6.3).
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_CENTER_POINTS:
        raise DesignError(
            f"center points {count!r} is not a whole number from 0 to {MAX_CENTER_POINTS}",
            where="center_points",
            remedy="give for example 3",
        )
    if count == 0:
        return design
    check_numeric(design.factors, "a center point", "center_points")
    there = design.coded.loc[design.at_center]
    if len(there) and design.kind != DEFINITIVE:
        raise DesignError(
            "the design has center points already", where="center_points", remedy="say at once how many there are"
        )
    rows = pd.DataFrame(0, index=np.arange(count), columns=design.coded.columns)
    rows["run"] = int(there["run"].iloc[0]) if len(there) else int(design.coded["run"].max()) + 1
    rows["replicate"] = np.arange(len(there) + 1, len(there) + count + 1)
    blocks = np.sort(design.coded["block"].unique())
    rows["block"] = blocks[np.sort(np.arange(count) % len(blocks))]
    return with_middle_warnings(rebuilt(design, pd.concat([design.coded, rows], ignore_index=True)))
