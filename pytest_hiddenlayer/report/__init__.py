"""Text tables for terminals, Markdown, and HTML. Uses metrics and records only; imports from `results/` and below."""
