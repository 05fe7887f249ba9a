"""Estimates of one mean, with standard error and confidence interval, over samples or clusters of samples."""
