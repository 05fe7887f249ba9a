"""Introspection: a model that explains, doubts or predicts its own answers."""
