"""Paired comparisons of the same samples in two runs."""
