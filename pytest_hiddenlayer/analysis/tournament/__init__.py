"""Tournaments: games between strategies and models, and their ranking."""
