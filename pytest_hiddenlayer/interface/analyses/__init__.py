"""Analyses of stored runs from Python: votes, rounds of debates, thresholds of cascades."""
