"""Recorded samples, debates and trials: the rows of docs/recordings.md."""
