"""What is computed from records: the run log, metrics, comparisons and gates. Reads records only and calls no model.

log             the run's folder: manifest, records, summary; resuming a run
metrics         metrics of cells, judges and calls
regression      snapshots and other baselines, paired comparison, gates
budget_match    strategies against their own model at an equal budget

Imports `stats`, `strategies`, `scorers` and what they import.
"""
