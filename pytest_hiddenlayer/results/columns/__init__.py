"""Runs as columns: records compacted to Parquet, and metrics and comparisons of a million records."""
