"""What a strategy may use besides model calls: its prompts, and scores that need no target."""
