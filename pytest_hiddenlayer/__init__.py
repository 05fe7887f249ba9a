"""pytest-hiddenlayer: evaluation of multi-agent language models inside pytest.

Public names come in lazily, so that loading the plugin costs nothing until an eval runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .protocols import Context, Provider, ProviderCapabilities, Scorer, Strategy
    from .registry import provider, scorer, strategy
    from .types import Answer, Completion, GenerationConfig, Message, Record, Sample, Score, Task, Usage

_HOME = {
    **dict.fromkeys(("provider", "scorer", "strategy"), "registry"),
    **dict.fromkeys(("Context", "Provider", "ProviderCapabilities", "Scorer", "Strategy"), "protocols"),
    **dict.fromkeys(("Answer", "Completion", "GenerationConfig", "Message"), "types"),
    **dict.fromkeys(("Record", "Sample", "Score", "Task", "Usage"), "types"),
}
__all__ = [
    "Answer",
    "Completion",
    "Context",
    "GenerationConfig",
    "Message",
    "Provider",
    "ProviderCapabilities",
    "Record",
    "Sample",
    "Score",
    "Scorer",
    "Strategy",
    "Task",
    "Usage",
    "provider",
    "scorer",
    "strategy",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
