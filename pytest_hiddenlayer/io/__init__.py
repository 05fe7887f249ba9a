"""Files: JSON Lines, atomic writes, locks."""
