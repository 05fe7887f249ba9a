"""Concept vectors: directions in activations that tell two kinds of text apart.

vector      a direction, with its unit and what it was made from
methods     mean difference, principal component of differences, normal of a logistic probe
files       vectors as safetensors, bound to their model
"""
