"""Figures of runs, drawn by matplotlib: scores, score and cost, debates, calibration, latency."""
