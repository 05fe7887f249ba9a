"""Group-sequential tests: stop repeating epochs once a verdict is decided. Imports `estimate` and `paired`."""
