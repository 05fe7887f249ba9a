"""Samples that both sides of a comparison scored, and their values as lists."""
