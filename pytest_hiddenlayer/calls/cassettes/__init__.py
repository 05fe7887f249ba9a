"""Cassettes: calls recorded to files and replayed without a model."""
