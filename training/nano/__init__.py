"""Trains the bundled model from scratch: a generator of chats, a trainer and an evaluation.

Layers, each imports only earlier ones: problems, words, split; sampling, questions; families;
mixture; tokens, model, optim; decode, quick_eval, run; train, evaluate, export.
"""
