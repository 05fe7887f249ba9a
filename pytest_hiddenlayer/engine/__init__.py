"""Runs cases: expands a task into cells and cases, runs the strategy, scores its answer and builds the record.

May import everything up to `calls`; must not import `results` or the front ends.
"""
