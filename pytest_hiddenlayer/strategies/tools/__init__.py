"""Tools that models call by name in `tool_use`: how they are called, and the `calculator` as an example.

A tool takes the text that the model writes behind its name and returns what the model reads. The first line
of its docstring is what the model reads about it. Tools are registered by the decorator `tool` or by an
entry point in the group `hiddenlayer.tools`.
"""
