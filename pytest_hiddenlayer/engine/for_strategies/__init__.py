"""What a strategy may have beside model calls: its prompts, and scores that need no target."""
