"""A response with a floor: trials that never learned all show one number, which breeds interactions of many factors."""

from __future__ import annotations

from qim_stats.alerts import Alert
from qim_stats.replays.full_table import FullTable

_SHARE = 0.05  # of the trials, from which the floor is told
_FEWEST = 3


def floor_alert(table: FullTable, at_chance: int = 0) -> list[Alert]:
    """Tell when many trials of a full table share its worst response, or say that they stayed at chance.

    Parameters
    ----------
    table : FullTable
        The table.
    at_chance : int
        Its trials that finished at chance level, as their ``reason`` says: their responses need not be equal.

    Returns
    -------
    list of Alert
        One or none.
    """
    worst = float(table.values.min() if table.direction == "maximize" else table.values.max())
    count, n = int((table.values == worst).sum()), len(table.values)
    if max(count, at_chance) < max(_FEWEST, _SHARE * n):
        return []
    if count >= at_chance:
        what = f"{count} of {n} trials have the same {table.response}, {worst:.6g}, and none is worse: a floor."
    else:
        what = f"{at_chance} of {n} trials finished at chance level: a floor."
    text = (
        f"{what} It breeds interactions of many factors, which few trials cannot see; another response (the loss, say) "
        "may rank better."
    )
    return [Alert("response_floor", "warning", text)]
