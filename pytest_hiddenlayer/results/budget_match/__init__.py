"""Compute-matched comparisons: strategies against single answers at the same number of calls or tokens."""
