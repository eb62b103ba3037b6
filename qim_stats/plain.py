"""From data frames and numpy to what JSON knows: null for what cannot be had, never NaN or infinity."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """Turn a value into lists, dicts, text, numbers, booleans and None.

    Parameters
    ----------
    value : object
        Frames become lists of records, arrays lists, mappings dicts with text keys, NaN and infinities None.

    Returns
    -------
    object
        What ``json.dumps`` takes.
    """
    if isinstance(value, pd.DataFrame):
        columns = [str(c) for c in value.columns]
        return [dict(zip(columns, map(plain, row), strict=True)) for row in value.itertuples(index=False, name=None)]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def to_json(value: Any) -> str:
    """Write a value as JSON text, full double precision, the same for the same input."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
