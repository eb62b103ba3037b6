"""How often Box and Meyer's probabilities are high on noise: what the report says beside them.

The 12-run Plackett-Burman design with 8 factors (any 8 of its 11 columns are alike), default options, a response of
independent normal noise. Writes box_meyer_null.json: the share of studies in which the largest posterior probability of
a factor is above 0.5 and above 0.9. About 30 s:

    python tests/reference/box_meyer_null.py
"""

import json
import sys
from pathlib import Path

import numpy as np

import qim_stats as qs
from qim_stats.screening.box_meyer import BoxMeyer, box_meyer

STUDIES = 20_000


def largest_posteriors(studies: int, seed: int) -> np.ndarray:
    """Return the largest posterior probability of each of so many studies, shape (studies,)."""
    names = list("abcdefgh")
    design = qs.plackett_burman(tuple(qs.Factor(name, -1, 1) for name in names), runs=12, seed=0)
    x = design.table()[names].to_numpy(dtype=np.float64)
    noise = np.random.Generator(np.random.PCG64([seed])).normal(size=(studies, 12))
    found = [box_meyer(x, y, names) for y in noise]
    return np.array([f.factors["posterior"].max() for f in found if isinstance(f, BoxMeyer)])


def shares(studies: int, seed: int) -> dict[str, float]:
    """Return the shares above 0.5 and above 0.9."""
    largest = largest_posteriors(studies, seed)
    return {
        "studies": len(largest),
        "above_half": float((largest > 0.5).mean()),
        "above_nine_tenths": float((largest > 0.9).mean()),
    }


if __name__ == "__main__":
    text = json.dumps(shares(STUDIES, seed=0), indent=1) + "\n"
    Path(__file__).with_suffix(".json").write_text(text)
    sys.stdout.write(text)
