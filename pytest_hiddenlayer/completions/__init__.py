"""What a completion's text and finish reason mean: which answers are complete, and which part is reasoning."""
