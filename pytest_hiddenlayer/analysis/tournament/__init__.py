"""Tournaments between players. Imports `analysis.answers`, `analysis.annotation` and everything below `analysis/`."""
