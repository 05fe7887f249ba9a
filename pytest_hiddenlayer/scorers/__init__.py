"""Scorers: each turns an output and a sample into a Score.

`match` compares text with targets, `math` compares expressions, `judge` asks a judge model.
`build` makes a scorer from a task file's entry, `adapters` wraps what users register, and
`capabilities` is what a scorer may declare beyond the protocol. Scorers import types, errors,
the registry, parameters and concurrency, never strategies, providers or the engine.
"""
