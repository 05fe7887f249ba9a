"""Samples of large data files, which stay on disk."""
