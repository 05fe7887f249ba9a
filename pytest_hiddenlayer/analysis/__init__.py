"""Analyses of finished runs. They need `records.jsonl` and, for judges, a judge session."""
