"""Concept vectors: directions in activations that separate two kinds of text.

vector      a direction, with its unit and what it was made from
methods     mean difference, principal component of differences, normal of a logistic probe
files       vectors as safetensors, bound to their model
"""
