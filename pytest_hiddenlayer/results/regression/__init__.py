"""Baselines, the paired comparison of cells with them, and gates."""
