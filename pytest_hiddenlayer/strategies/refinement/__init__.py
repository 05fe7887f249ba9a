"""Refinement: one model that improves or prepares its own answer."""
