"""Scorers: one module each; they know the nouns, `extract`, and never each other."""
