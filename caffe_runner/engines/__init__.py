"""Engines: one small interface (`base`), and what implements it."""
