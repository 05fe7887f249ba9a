"""Computes metrics, comparisons and gates from records, and reads and writes the run log. Calls no model.

log             the run's folder: manifest, records, summary; resuming a run
metrics         metrics of cells, judges and calls
regression      snapshots and other baselines, paired comparison, gates
budget_match    strategies against single answers of their own model at the same budget

Imports `stats`, `strategies`, `scorers` and what they import.
"""
