"""The folder of a run: manifest, records and summary; resuming a run from it."""
