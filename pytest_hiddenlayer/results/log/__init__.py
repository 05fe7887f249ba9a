"""The run log: manifest, records, summary, resuming."""
