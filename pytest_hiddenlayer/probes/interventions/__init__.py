"""Interventions: an array inside a model is replaced, and the effect on its output is measured.

target       the number whose change is the effect
patching     arrays of another run are put in, at every layer and token
ablation     the output of attention, of single heads or of the MLP is replaced by zero or by its mean
steering     a direction is added to the residual stream
generation   tokens are generated while hooks act, with a key-value cache
effect       the effect of a direction, compared with those of random ones
preference   how much more probable positive continuations are than negative ones
"""
