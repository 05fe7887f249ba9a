"""Real model servers on loopback, for tests; each skips with a reason if its program is not installed."""

from .llama import llama_server
from .mlx_server import mlx_server
from .ollama import ollama_url
from .process import Server

__all__ = ["Server", "llama_server", "mlx_server", "ollama_url"]
