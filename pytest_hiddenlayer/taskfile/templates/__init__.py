"""Templates of prompts: rendered in a sandbox, within limits of size and time."""
