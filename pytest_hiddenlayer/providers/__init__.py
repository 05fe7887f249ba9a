"""Providers: one module each; only a provider's own module imports its SDK."""
