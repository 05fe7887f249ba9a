"""Sampling: several answers to one prompt, and ways to choose one."""
