"""The response cache: completions stored in SQLite."""
