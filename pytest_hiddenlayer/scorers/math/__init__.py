"""The `math` scorer: equality of mathematical expressions, checked in a separate process."""
