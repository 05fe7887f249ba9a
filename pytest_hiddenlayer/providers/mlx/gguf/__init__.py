"""GGUF files of llama architecture as MLX models, converted once into the user's cache."""
