"""Metrics of cells, samples, judges and calls, computed from records."""
