"""Prompts and rows of the continuous batch: prefill, one token per step, sampling for all requests at once."""
