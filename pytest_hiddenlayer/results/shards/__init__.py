"""Shards: parts of one run that different machines answer without talking to each other."""
