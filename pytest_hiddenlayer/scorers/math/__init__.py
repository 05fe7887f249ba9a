"""The `math` scorer: equality of mathematical expressions.

`scorer` sends expressions through `process` to `worker`, which runs as a separate process.
"""
