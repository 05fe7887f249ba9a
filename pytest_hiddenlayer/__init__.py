"""pytest-hiddenlayer: evaluation of multi-agent language models inside pytest.

Public names are imported on first use, so that loading the plugin costs nothing until an eval runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .api import evaluate
    from .engine.for_strategies.prompt_lists import prompts
    from .errors import (
        BudgetExceededError,
        HiddenLayerError,
        ProbeError,
        ProviderError,
        ProviderUnavailableError,
        SnapshotError,
        TaskError,
        TransientError,
        UnknownNameError,
        UsageError,
    )
    from .export.rows import CALL_COLUMNS, SAMPLE_COLUMNS
    from .finetuning.examples import Example, examples_from_run
    from .finetuning.fuse import FusedModel, fuse_adapter
    from .finetuning.run import FinetuneResult, finetune
    from .hosts.report import HostReport
    from .interface.analyses.rounds import DebateRounds, debate_rounds
    from .interface.analyses.thresholds import CascadeThreshold, learn_cascade
    from .interface.analyses.votes import VoteReplay, replay_votes
    from .interface.bench.result import StrategyBench
    from .interface.bench.run import bench_strategies
    from .interface.calls import allm_call, arun_strategy, llm_call, run_strategy
    from .interface.comparisons import Comparison, compare_runs
    from .interface.experiment import Experiment
    from .interface.finetuning.comparison import FinetuneComparison
    from .interface.finetuning.run import finetune_and_compare
    from .interface.hosts import check_hosts
    from .interface.outcomes import CallResult, StrategyResult
    from .interface.probes import ProbeModel, load_probe_model
    from .interface.registries import EVAL_FUNCTIONS, PROVIDERS, SCORERS, STRATEGIES
    from .interface.runs import Run, load_run, runs
    from .interface.tasks import aevaluate_task, evaluate_task
    from .interface.tracker import Tracker, get_tracker
    from .parameters import Range
    from .plots.calibration import plot_calibration
    from .plots.debate_transitions import plot_debate_transitions
    from .plots.latency import plot_latency
    from .plots.score_cost import plot_score_cost
    from .plots.scores import plot_scores
    from .plots.training import plot_training
    from .probes.capture import Capture
    from .probes.capture_files import load_capture, save_capture
    from .probes.concepts.files import load_concept_vector, save_concept_vector
    from .probes.concepts.vector import ConceptVector, concept_vector
    from .probes.hooks import ModelHooks
    from .probes.interventions.ablation import ablated, ablation_sweep, mean_activations
    from .probes.interventions.effect import steering_effect
    from .probes.interventions.generation import generate_steered
    from .probes.interventions.patching import patch_sweep
    from .probes.interventions.preference import preference
    from .probes.interventions.steering import Steering, steering
    from .probes.interventions.target import Target
    from .probes.linear.layers import probe_layers
    from .probes.linear.probe import linear_probe
    from .probes.verification import Verification
    from .protocols import Ask, Context, Provider, ProviderCapabilities, Scorer, Strategy
    from .registry import provider, scorer, strategy, tool
    from .session.eval_run import EvalRun
    from .types import (
        Answer,
        Call,
        Completion,
        FeedbackScorer,
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
        "ProbeError",
        "ProviderError",
        "ProviderUnavailableError",
        "SnapshotError",
        "TaskError",
        "TransientError",
        "UnknownNameError",
        "UsageError",
    ),
    "export.rows": ("CALL_COLUMNS", "SAMPLE_COLUMNS"),
    "finetuning.examples": ("Example", "examples_from_run"),
    "finetuning.fuse": ("FusedModel", "fuse_adapter"),
    "finetuning.run": ("FinetuneResult", "finetune"),
    "hosts.report": ("HostReport",),
    "interface.calls": ("allm_call", "arun_strategy", "llm_call", "run_strategy"),
    "interface.comparisons": ("Comparison", "compare_runs"),
    "interface.finetuning.comparison": ("FinetuneComparison",),
    "interface.finetuning.run": ("finetune_and_compare",),
    "interface.hosts": ("check_hosts",),
    "interface.outcomes": ("CallResult", "StrategyResult"),
    "interface.probes": ("ProbeModel", "load_probe_model"),
    "engine.for_strategies.prompt_lists": ("prompts",),
    "interface.registries": ("EVAL_FUNCTIONS", "PROVIDERS", "SCORERS", "STRATEGIES"),
    "interface.analyses.rounds": ("DebateRounds", "debate_rounds"),
    "interface.runs": ("Run", "load_run", "runs"),
    "interface.tasks": ("aevaluate_task", "evaluate_task"),
    "interface.analyses.thresholds": ("CascadeThreshold", "learn_cascade"),
    "interface.bench.result": ("StrategyBench",),
    "interface.bench.run": ("bench_strategies",),
    "interface.analyses.votes": ("VoteReplay", "replay_votes"),
    "interface.experiment": ("Experiment",),
    "interface.tracker": ("Tracker", "get_tracker"),
    "parameters": ("Range",),
    "plots.calibration": ("plot_calibration",),
    "plots.debate_transitions": ("plot_debate_transitions",),
    "plots.latency": ("plot_latency",),
    "plots.score_cost": ("plot_score_cost",),
    "plots.scores": ("plot_scores",),
    "plots.training": ("plot_training",),
    "probes.concepts.files": ("load_concept_vector", "save_concept_vector"),
    "probes.concepts.vector": ("ConceptVector", "concept_vector"),
    "probes.interventions.ablation": ("ablated", "ablation_sweep", "mean_activations"),
    "probes.interventions.effect": ("steering_effect",),
    "probes.interventions.generation": ("generate_steered",),
    "probes.interventions.patching": ("patch_sweep",),
    "probes.interventions.preference": ("preference",),
    "probes.interventions.steering": ("Steering", "steering"),
    "probes.interventions.target": ("Target",),
    "probes.linear.layers": ("probe_layers",),
    "probes.linear.probe": ("linear_probe",),
    "probes.capture": ("Capture",),
    "probes.capture_files": ("load_capture", "save_capture"),
    "probes.hooks": ("ModelHooks",),
    "probes.verification": ("Verification",),
    "protocols": ("Ask", "Context", "Provider", "ProviderCapabilities", "Scorer", "Strategy"),
    "registry": ("provider", "scorer", "strategy", "tool"),
    "session.eval_run": ("EvalRun",),
    "types": (
        "Answer",
        "Call",
        "Completion",
        "FeedbackScorer",
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
    "Capture",
    "CascadeThreshold",
    "Comparison",
    "Completion",
    "ConceptVector",
    "Context",
    "DebateRounds",
    "EvalRun",
    "Example",
    "Experiment",
    "FeedbackScorer",
    "FinetuneComparison",
    "FinetuneResult",
    "FusedModel",
    "GenerationConfig",
    "HiddenLayerError",
    "HostReport",
    "Message",
    "ModelHooks",
    "ModelName",
    "Models",
    "ProbeError",
    "ProbeModel",
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
    "Steering",
    "Strategy",
    "StrategyBench",
    "StrategyResult",
    "Target",
    "Task",
    "TaskError",
    "Tracker",
    "TransientError",
    "UnknownNameError",
    "Usage",
    "UsageError",
    "Verification",
    "VoteReplay",
    "__version__",
    "ablated",
    "ablation_sweep",
    "aevaluate_task",
    "allm_call",
    "arun_strategy",
    "bench_strategies",
    "check_hosts",
    "compare_runs",
    "concept_vector",
    "debate_rounds",
    "evaluate",
    "evaluate_task",
    "examples_from_run",
    "finetune",
    "finetune_and_compare",
    "fuse_adapter",
    "generate_steered",
    "get_tracker",
    "learn_cascade",
    "linear_probe",
    "llm_call",
    "load_capture",
    "load_concept_vector",
    "load_probe_model",
    "load_run",
    "mean_activations",
    "patch_sweep",
    "plot_calibration",
    "plot_debate_transitions",
    "plot_latency",
    "plot_score_cost",
    "plot_scores",
    "plot_training",
    "preference",
    "probe_layers",
    "prompts",
    "provider",
    "replay_votes",
    "run_strategy",
    "runs",
    "save_capture",
    "save_concept_vector",
    "scorer",
    "steering",
    "steering_effect",
    "strategy",
    "tool",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
