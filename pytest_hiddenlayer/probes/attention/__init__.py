"""Attention weights of a model, computed again from what its own code computes with.

calls    the calls of scaled_dot_product_attention, seen where the model makes them
weights  attention weights from queries, keys and masks
softcap  the weights of a model that computes attention itself, with a cap (gemma2)
rollout  weights followed through all layers
"""
