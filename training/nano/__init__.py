"""The bundled model from nothing: a generator of chats, a trainer, an evaluation.

Floors, each knows those above it only: problems, words, split; draw, questions; families;
mixture; tokens, model, optim; train, decode, evaluate, export.
"""
