"""Runs as logs of Inspect (`.eval`), written without Inspect: a zip file with JSON members."""
