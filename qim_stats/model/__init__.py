"""Linear models of the trials: formula, least-squares fit, and the error estimate behind each standard error."""
