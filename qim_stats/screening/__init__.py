"""Screening of unreplicated designs: their orthogonal contrasts and pseudo standard errors."""
