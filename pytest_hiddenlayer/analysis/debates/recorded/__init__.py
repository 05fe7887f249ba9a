"""What the verdicts of recorded debates say: which rules made them, and what they leave open."""
