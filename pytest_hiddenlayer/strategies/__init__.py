"""Strategies: each answers one sample with one or more model calls.

`single`, `self_consistency`, `debate` and `manager_worker` are the registered strategies;
`voting` and `model_mix` are shared by them; `bind` checks the parameters of a written strategy.
Strategies import types, errors, the registry, parameters, concurrency and completions, never scorers,
providers or the engine.
"""
