"""The recorded full factorials that methods are compared on: every analysis/*/full.csv, with its noise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from factorial.diverged import GUESSING

from peers.objective import Lookup
from qim_stats.replays.full_table import FullTable, full_table
from qim_stats.replays.noise import TrialNoise, read_replicates, table_noise
from qim_stats.replays.truth import Truth, truth_of
from qim_stats.replays.virtual import World
from qim_stats.trials import read_trials

ANALYSIS = Path(__file__).parents[1]


@dataclass(frozen=True)
class PeerTable:
    """One full factorial.

    Parameters
    ----------
    name : str
        Of its folder.
    full : FullTable
        The trials.
    noise : TrialNoise
        From its replicates.csv, else from the table itself.
    truth : Truth
        What the table knows of the order of its factors.
    """

    name: str
    full: FullTable
    noise: TrialNoise
    truth: Truth

    @property
    def lookup(self) -> Lookup:
        """The table as a source of trials."""
        return Lookup(World(self.full, self.noise, added=False))

    @property
    def fingerprint(self) -> str:
        """Twelve digits that differ when the responses, the noise or what is tied do."""
        numbers = np.concatenate([self.full.means, [self.noise.sd, self.truth.margin]])
        return hashlib.sha256(numbers.tobytes() + self.full.direction.encode()).hexdigest()[:12]


def find_tables(folder: Path = ANALYSIS) -> list[Path]:
    """Return the full tables below a folder, by name."""
    return sorted(folder.glob("*/full.csv"))


def load(path: Path) -> PeerTable:
    """Read a full table and the replicates beside it.

    Parameters
    ----------
    path : Path
        A full.csv.

    Returns
    -------
    PeerTable
        Named after its folder; diverged trials count as guessing.

    Raises
    ------
    TrialsError
        If the table is not full, or the replicates are of other factors.
    """
    guessing = GUESSING.get(read_trials(path).response)
    full = full_table(read_trials(path, diverged_as=guessing))
    replicates = path.with_name("replicates.csv")
    noise = read_replicates(replicates, full) if replicates.exists() else table_noise(full)
    return PeerTable(path.parent.name, full, noise, truth_of(full, noise))
