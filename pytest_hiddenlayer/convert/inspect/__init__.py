"""Datasets and logs of Inspect (inspect_ai)."""
