"""Scorers that compare text without a model: exact, keyword, numeric, choice, pattern, rules.

`extract` cuts the answer out of an output; `numbers`, `multiple_choice` and `text_match` read
it; `messages` words the explanations.
"""
