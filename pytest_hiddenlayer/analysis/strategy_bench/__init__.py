"""Strategies compared at matched calls, tokens or cost, from the records of a run; no model is asked."""
