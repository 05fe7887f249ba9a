"""Every option of a run, defined once.

pytest registers each as `--hl-NAME` with an ini key `hl_NAME`, and the common ones as `--NAME`
too. The command registers each as `--NAME` and as `--hl-NAME`, so that the spelling in an error
message works in both. `parse_options` in `written_options` turns what was written into
`RunOptions`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option: how it is written, and what its help says."""

    name: str
    help: str
    metavar: str = ""  # empty: a flag
    choices: tuple[str, ...] = ()  # the first is the default
    repeatable: bool = False
    common: bool = False  # pytest takes it as `--NAME` too
    pytest_only: bool = False  # the command has no use for it
    calls: bool = False  # concerns single model calls: commands that only ask a judge take it too

    @property
    def flag(self) -> bool:
        """True if the option takes no value."""
        return not self.metavar

    @property
    def dest(self) -> str:
        """The ini key, and the attribute in which argparse keeps the value."""
        return "hl_" + self.name.replace("-", "_")


def _choice(name: str, choices: tuple[str, ...], text: str, *, calls: bool = False) -> Option:
    return Option(name=name, metavar="|".join(choices), choices=choices, help=text, calls=calls)


OPTIONS: tuple[Option, ...] = (
    Option(
        name="provider",
        metavar="NAME[:MODEL]",
        help="provider, and optionally model, that answers; repeat it to compare models (default: mlx)",
        repeatable=True,
        common=True,
    ),
    Option(
        name="model",
        metavar="NAME",
        help="model of the one provider that is named without a model: a folder or a hub name",
        common=True,
    ),
    Option(
        name="adapter",
        metavar="FOLDER",
        help="folder of a fine-tuned adapter, added to the mlx model of the run; short for "
        "--provider mlx:MODEL:FOLDER",
        common=True,
    ),
    Option(
        name="strategy",
        metavar="NAME[:key=value,...]",
        help="strategy to use instead of those of the task files; repeatable",
        repeatable=True,
        common=True,
    ),
    Option(
        name="judge",
        metavar="PROVIDER[:MODEL]",
        help="model that judges (default: the candidate itself)",
        common=True,
    ),
    Option(name="epochs", metavar="N", help="answer every sample N times", common=True),
    Option(name="limit", metavar="N", help="only the first N samples of each task", common=True),
    Option(
        name="shard",
        metavar="K/N",
        help="answer only part K of N; `hiddenlayer merge` joins the runs of all parts and judges the gates",
        common=True,
    ),
    Option(
        name="shard-weights",
        metavar="RUN",
        help="balance the shards by the seconds that each sample took in this run (id or folder; the same for all)",
    ),
    Option(
        name="baseline",
        metavar="REF[@PROVIDER:MODEL]",
        help="compare with a path, a run id, `last` or a git ref instead of snapshots/; "
        "@PROVIDER:MODEL selects the cells of another model",
        common=True,
    ),
    Option(
        name="resume",
        metavar="RUN",
        help="reuse the answers of this run (an id, a path, `last`) and ask only for the rest",
        common=True,
    ),
    Option(
        name="budget",
        metavar="USD",
        help="spend at most this much, in US dollars; calls that do not fit are skipped",
        common=True,
        calls=True,
    ),
    Option(
        name="record", metavar="DIR", help="record every call in cassettes in this folder", common=True, calls=True
    ),
    Option(
        name="replay",
        metavar="DIR",
        help="answer from the cassettes in this folder; no model is asked",
        common=True,
        calls=True,
    ),
    Option(
        name="reports",
        metavar="DIR",
        help="folder of runs, reports and pending batches (default: reports in the project's root)",
    ),
    Option(name="no-report", help="do not write report.html into the run's folder"),
    _choice(
        "cache",
        ("seeded", "all", "off"),
        "seeded: reuse servers' answers to seeded or greedy calls (default); all: reuse answers to all calls, of "
        "local models too; off: reuse none",
        calls=True,
    ),
    Option(
        name="base-url",
        metavar="[PROVIDER=]URL|FILE",
        help="address of the server, such as http://127.0.0.1:8080/v1; repeat it, or name a YAML list, to divide the "
        "calls over several servers of one model",
        repeatable=True,
        calls=True,
    ),
    Option(
        name="prompts",
        metavar="FOLDER",
        help="your own wording of strategies' prompts: FOLDER/STRATEGY/NAME.txt (default: the built-in files)",
    ),
    Option(
        name="prices",
        metavar="FILE",
        help="your own dated prices (default: hiddenlayer-prices.yaml in the project's root, if it exists)",
        calls=True,
    ),
    Option(
        name="model-memory",
        metavar="SIZE",
        help="memory for the weights of local models together, such as 8GB; the least recently used one is unloaded "
        "for another (default: three quarters of what Metal recommends, else of this machine's memory)",
        calls=True,
    ),
    Option(name="timeout", metavar="SECONDS", help="time limit of one attempt of a call", calls=True),
    Option(name="seed", metavar="N", help="seed from which all other seeds are derived (default: 0)"),
    Option(name="temperature", metavar="T", help="temperature of every call; overrides task files and strategies"),
    Option(name="max-tokens", metavar="N", help="maximum number of new tokens per call"),
    Option(
        name="concurrency",
        metavar="N",
        help="maximum number of calls in flight per model (default: adapts to the server)",
        calls=True,
    ),
    _choice(
        "gate",
        ("regression", "threshold", "require", "off"),
        "regression: fail if a cell is worse than its baseline (default); threshold: only threshold, must_pass "
        "and min_scored; require: as regression, and fail without a complete baseline; off: no gates",
    ),
    _choice(
        "gate-underpowered",
        ("pass", "fail"),
        "outcome of a gate if too few samples were scored for a verdict (default: pass)",
    ),
    _choice("match", ("hash", "id"), "compare samples with the same id and prompt (default), or with the same id"),
    Option(name="strict", help="any wrong answer fails"),
    Option(name="adaptive", help="stop repeating the epochs of a cell once its verdict is decided"),
    Option(
        name="batch",
        help="send calls that do not depend on an earlier response through the batch APIs",
    ),
    Option(name="stream", help="stream responses, to report the time to the first token; costs CPU time", calls=True),
    Option(
        name="equal-budget",
        help="compare each strategy that makes several calls with as many single calls of the same model",
    ),
    Option(
        name="token-logprobs",
        help="keep text and log-probability of every output token in the records, if the provider returns them",
    ),
    Option(
        name="probe",
        metavar="WHAT[,...]",
        help="after the run, read each answer of provider mlx again and keep arrays from inside the model: lens, "
        "attention_weights, residual_post and others of docs/probes.md",
    ),
    Option(
        name="confidence",
        metavar="KIND,...",
        help="keep measures of how confident the model is: tokens (from log-probabilities, if the provider returns "
        "them), p_true and verbalized (one more call each, after the answer); for example tokens,p_true",
    ),
    Option(
        name="host-timeout",
        metavar="SECONDS",
        help="silence after which a host of --tx, or a worker of -n that a signal stopped, is lost: its items run "
        "elsewhere (default: 30)",
        pytest_only=True,
    ),
    Option(name="live", help="serve the report to this computer while the run goes on, and print its address"),
    Option(name="live-port", metavar="PORT", help="serve the live report at this port (default: a free one)"),
    Option(
        name="allow-task-models", help="let task files name models by folder or hub name, whose files are then loaded"
    ),
    Option(name="require-provider", help="a provider that does not work here is an error instead of a skip"),
)

BY_NAME = {option.name: option for option in OPTIONS}
_OWN_KEY = re.compile(r"hl[-_].*|evals?[-_]?(path|dir|folder|file)s?", re.IGNORECASE)


def is_own_key(key: str) -> bool:
    """Return whether a key of an ini file is an option of this package, or a misspelt one."""
    return _OWN_KEY.fullmatch(key) is not None
