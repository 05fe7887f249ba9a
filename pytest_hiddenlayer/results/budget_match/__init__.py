"""Strategies against single answers at the same number of calls and tokens (compute-matched)."""
