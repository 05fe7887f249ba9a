"""What is made of records: the run log, figures, snapshots and gates. Reads Records only."""
