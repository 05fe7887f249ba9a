"""Scorers: one module each; they know the nouns and never each other."""
