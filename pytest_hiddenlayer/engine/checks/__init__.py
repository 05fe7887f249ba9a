"""Checks of task files and options before anything is asked: targets, models, options, with file and line."""
