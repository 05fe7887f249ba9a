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
    from .export.rows import CALL_COLUMNS, SAMPLE_COLUMNS
    from .interface.calls import allm_call, arun_strategy, llm_call, run_strategy
    from .interface.comparisons import Comparison, compare_runs
    from .interface.experiment import Experiment
    from .interface.outcomes import CallResult, StrategyResult
    from .interface.registries import EVAL_FUNCTIONS, PROVIDERS, SCORERS, STRATEGIES
    from .interface.runs import Run, load_run, runs
    from .interface.tasks import aevaluate_task, evaluate_task
    from .interface.tracker import Tracker, get_tracker
    from .interface.votes import VoteReplay, replay_votes
    from .parameters import Range
    from .plots.calibration import plot_calibration
    from .plots.debate_transitions import plot_debate_transitions
    from .plots.latency import plot_latency
    from .plots.score_cost import plot_score_cost
    from .plots.scores import plot_scores
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
    "export.rows": ("CALL_COLUMNS", "SAMPLE_COLUMNS"),
    "interface.calls": ("allm_call", "arun_strategy", "llm_call", "run_strategy"),
    "interface.comparisons": ("Comparison", "compare_runs"),
    "interface.outcomes": ("CallResult", "StrategyResult"),
    "interface.registries": ("EVAL_FUNCTIONS", "PROVIDERS", "SCORERS", "STRATEGIES"),
    "interface.runs": ("Run", "load_run", "runs"),
    "interface.tasks": ("aevaluate_task", "evaluate_task"),
    "interface.votes": ("VoteReplay", "replay_votes"),
    "interface.experiment": ("Experiment",),
    "interface.tracker": ("Tracker", "get_tracker"),
    "parameters": ("Range",),
    "plots.calibration": ("plot_calibration",),
    "plots.debate_transitions": ("plot_debate_transitions",),
    "plots.latency": ("plot_latency",),
    "plots.score_cost": ("plot_score_cost",),
    "plots.scores": ("plot_scores",),
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
    "CALL_COLUMNS",
    "EVAL_FUNCTIONS",
    "PROVIDERS",
    "SAMPLE_COLUMNS",
    "SCORERS",
    "STRATEGIES",
    "Answer",
    "Ask",
    "BudgetExceededError",
    "Call",
    "CallResult",
    "Comparison",
    "Completion",
    "Context",
    "EvalRun",
    "Experiment",
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
    "Run",
    "Sample",
    "Score",
    "Scorer",
    "SnapshotError",
    "Strategy",
    "StrategyResult",
    "Task",
    "TaskError",
    "Tracker",
    "TransientError",
    "UnknownNameError",
    "Usage",
    "UsageError",
    "VoteReplay",
    "__version__",
    "aevaluate_task",
    "allm_call",
    "arun_strategy",
    "compare_runs",
    "evaluate",
    "evaluate_task",
    "get_tracker",
    "llm_call",
    "load_run",
    "plot_calibration",
    "plot_debate_transitions",
    "plot_latency",
    "plot_score_cost",
    "plot_scores",
    "provider",
    "replay_votes",
    "run_strategy",
    "runs",
    "scorer",
    "strategy",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
