"""The study file, from its text to the solver and the net of each trial: schema, targets, checks before the first."""
