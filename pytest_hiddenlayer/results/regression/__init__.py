"""Baselines, paired comparison of cells, and gates."""
