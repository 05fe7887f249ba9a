"""Scorers that ask a judge model: prompts, verdict parsing, panels of judges."""
