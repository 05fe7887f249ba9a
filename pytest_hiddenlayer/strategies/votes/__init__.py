"""How the samples of self-consistency vote: weights by confidence, filters, and when sampling stops.

Pure functions of parsed answers and confidences. The strategy and the replay of stored samples share them,
so that both give the same answer for the same samples.
"""
