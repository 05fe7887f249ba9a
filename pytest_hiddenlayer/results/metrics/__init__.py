"""Metrics of cells, judges and calls, computed from records."""
