"""Audits of a judge. Imports `analysis.answers`, `analysis.annotation` and everything below `analysis/`."""
