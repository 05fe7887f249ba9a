"""The `mlx` provider: models that run in this process."""
