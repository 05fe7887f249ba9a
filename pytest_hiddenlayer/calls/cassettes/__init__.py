"""Cassettes: calls that are recorded to files and replayed without a model."""
