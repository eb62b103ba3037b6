"""All that is compared, this project's own first."""

from __future__ import annotations

from peers import (
    alias_aware,
    fixed_designs,
    forest_methods,
    one_at_a_time,
    optuna_methods,
    process_improve_methods,
    salib_methods,
)
from peers.method import Method

OURS = alias_aware.METHODS
PEERS = (
    *fixed_designs.METHODS,
    *optuna_methods.METHODS,
    *salib_methods.METHODS,
    *process_improve_methods.METHODS,
    *one_at_a_time.METHODS,
    *forest_methods.METHODS,
)
METHODS: tuple[Method, ...] = (*OURS, *PEERS)
