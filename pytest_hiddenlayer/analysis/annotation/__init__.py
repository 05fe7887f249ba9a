"""Labels and reviews by people: blind questions, sessions, cards for the terminal, and the local page.

Imports `analysis.answers` and everything below `analysis/`, but no other package of it.
"""
