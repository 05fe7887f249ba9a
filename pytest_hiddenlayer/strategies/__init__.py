"""Strategies: each answers one sample with one or more model calls.

There is one package per family: `debate`, `sampling`, `refinement`, `orchestration`, `introspection`; `single` is
the baseline of all, and `recorded` repeats what was answered earlier. Their prompts are files in `prompts`. `bind`
checks the parameters of a written strategy; `messages`, `model_mix`, `voting` and `votes` are shared, and
`tools` are what models may call.
Strategies import types, errors, the registry, parameters, concurrency, confidence and completions, never scorers,
providers or the engine.
"""
