"""What was computed before, so that it need not be again: one row per table, method and budget."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pandas as pd

from peers.answers import fingerprint
from peers.method import Method
from peers.tables import PeerTable

FILE = Path(__file__).parent / "comparison.csv"
KEYS = ["table", "fingerprint", "method"]


def versions_of(method: Method) -> str:
    """Return the version of what does a method's work; of the method of this project a mark of its answers."""
    if method.package is not None:
        return f"{method.package} {version(method.package)}"
    if not method.changes:
        return f"qim-stats {version('qim-stats')}"
    return f"qim-stats {version('qim-stats')} {fingerprint()}"


def read(path: Path = FILE) -> pd.DataFrame:
    """Return the rows of the file, none where there is no file yet."""
    if not path.exists():
        return pd.DataFrame(columns=[*KEYS, "version", "seed", "budget", "studies"])
    return pd.read_csv(path, dtype={"fingerprint": str})


def there(rows: pd.DataFrame, table: PeerTable, method: Method, seed: int) -> pd.DataFrame:
    """Return the rows of a method on a table as the table is now, none if they are of another version or seed."""
    own = rows[_rows_of(rows, table, method)]
    same = (own["version"] == versions_of(method)) & (own["seed"] == seed)
    return own if same.all() else own[:0]


def is_stale(rows: pd.DataFrame, table: PeerTable, method: Method) -> bool:
    """Whether the rows of a method on a table were made by another version of it."""
    own = _rows_of(rows, table, method)
    return bool((rows.loc[own, "version"] != versions_of(method)).any())


def put(rows: pd.DataFrame, found: pd.DataFrame, table: PeerTable, method: Method, seed: int) -> pd.DataFrame:
    """Replace the rows of a method on a table.

    Parameters
    ----------
    rows : DataFrame
        Of ``read``.
    found : DataFrame
        Of ``comparison.summary``.
    table, method, seed
        What it is of.

    Returns
    -------
    DataFrame
        All rows, in a fixed order.
    """
    keys = {"table": table.name, "fingerprint": table.fingerprint, "method": method.name}
    new = found.assign(**keys, version=versions_of(method), seed=seed)
    kept = rows[~((rows["table"] == table.name) & (rows["method"] == method.name))]
    joined = new if kept.empty else pd.concat([kept, new])
    first = [*KEYS, "version", "seed"]
    joined = joined[[*first, *(column for column in joined.columns if column not in first)]]
    return joined.sort_values(["table", "method", "budget"], kind="stable").reset_index(drop=True)


def write(rows: pd.DataFrame, path: Path = FILE) -> None:
    """Write the file anew, whole or not at all."""
    part = path.with_suffix(".part")
    rows.to_csv(part, index=False, float_format="%.9g")
    part.replace(path)


def _rows_of(rows: pd.DataFrame, table: PeerTable, method: Method) -> pd.Series:
    return (rows["table"] == table.name) & (rows["method"] == method.name) & (rows["fingerprint"] == table.fingerprint)
