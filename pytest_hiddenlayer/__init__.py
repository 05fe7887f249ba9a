"""pytest-hiddenlayer: evaluation of multi-agent language models inside pytest.

Public names are imported on first use, so that loading the plugin costs nothing until an eval runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .api import evaluate
    from .errors import (
        BudgetExceededError,
        HiddenLayerError,
        ProviderError,
        ProviderUnavailableError,
        SnapshotError,
        TaskError,
        TransientError,
        UnknownNameError,
        UsageError,
    )
    from .parameters import Range
    from .protocols import Ask, Context, Provider, ProviderCapabilities, Scorer, Strategy
    from .registry import provider, scorer, strategy
    from .session.eval_run import EvalRun
    from .types import (
        Answer,
        Call,
        Completion,
        GenerationConfig,
        Message,
        ModelName,
        Models,
        Record,
        Request,
        Sample,
        Score,
        Task,
        Usage,
    )

_MODULES = {
    "api": ("evaluate",),
    "errors": (
        "BudgetExceededError",
        "HiddenLayerError",
        "ProviderError",
        "ProviderUnavailableError",
        "SnapshotError",
        "TaskError",
        "TransientError",
        "UnknownNameError",
        "UsageError",
    ),
    "parameters": ("Range",),
    "protocols": ("Ask", "Context", "Provider", "ProviderCapabilities", "Scorer", "Strategy"),
    "registry": ("provider", "scorer", "strategy"),
    "session.eval_run": ("EvalRun",),
    "types": (
        "Answer",
        "Call",
        "Completion",
        "GenerationConfig",
        "Message",
        "ModelName",
        "Models",
        "Record",
        "Request",
        "Sample",
        "Score",
        "Task",
        "Usage",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}
__all__ = [
    "Answer",
    "Ask",
    "BudgetExceededError",
    "Call",
    "Completion",
    "Context",
    "EvalRun",
    "GenerationConfig",
    "HiddenLayerError",
    "Message",
    "ModelName",
    "Models",
    "Provider",
    "ProviderCapabilities",
    "ProviderError",
    "ProviderUnavailableError",
    "Range",
    "Record",
    "Request",
    "Sample",
    "Score",
    "Scorer",
    "SnapshotError",
    "Strategy",
    "Task",
    "TaskError",
    "TransientError",
    "UnknownNameError",
    "Usage",
    "UsageError",
    "__version__",
    "evaluate",
    "provider",
    "scorer",
    "strategy",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
