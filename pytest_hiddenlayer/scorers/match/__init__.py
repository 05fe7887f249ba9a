"""Scorers that compare text with targets: exact, keyword, numeric, choice, pattern, rules."""
