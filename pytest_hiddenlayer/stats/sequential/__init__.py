"""Group-sequential tests: stop repeating epochs once a verdict is decided."""
