"""Estimates of one mean with standard error and confidence interval."""
