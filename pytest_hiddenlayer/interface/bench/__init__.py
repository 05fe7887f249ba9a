"""Strategies compared on a task: planned without a model, answered by one run, and ranked."""
