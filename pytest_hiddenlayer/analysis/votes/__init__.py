"""Replays of votes: what other rules of `self_consistency` would have answered and saved, from stored samples."""
