"""Configurations and tests of promptfoo."""
