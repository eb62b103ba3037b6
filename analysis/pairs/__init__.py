"""Whether P(i before j) keeps its word, in many studies of every table."""
