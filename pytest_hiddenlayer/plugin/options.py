"""The plugin's options: registered, aliased where the name is free, and read into RunOptions."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .given import allows, ini_urls, refuse_ini_models

if TYPE_CHECKING:
    from ..options import RunOptions

# name, metavar, help, type of the ini key
_OPTIONS: tuple[tuple[str, str, str, str], ...] = (
    ("provider", "NAME[:MODEL]", "who answers; repeatable for a model matrix (default: mlx)", "linelist"),
    ("model", "NAME", "model of the one --provider that names none: a folder or a hub name", "string"),
    ("strategy", "NAME[:key=value,...]", "strategy instead of the task files' own; repeatable", "linelist"),
    ("judge", "PROVIDER[:MODEL]", "who judges (default: the candidate itself)", "string"),
    ("epochs", "N", "answer every sample N times", "string"),
    ("limit", "N", "only the first N samples of each task", "string"),
    (
        "baseline",
        "REF[@PROVIDER:MODEL]",
        "compare with a path, a run id, `last` or a git ref instead of snapshots/; with @ another model's cell",
        "string",
    ),
    ("resume", "RUN", "take over the answers of this run (an id, a path, `last`); ask only for the rest", "string"),
    ("budget", "USD", "spend at most so much; what does not fit is skipped", "string"),
    ("record", "DIR", "write every call to cassettes in this folder", "string"),
    ("replay", "DIR", "answer from the cassettes in this folder; nothing is asked", "string"),
    (
        "cache",
        "seeded|all|off",
        "use answers of servers again: of seeded or greedy calls (default), of all calls and models, or of none",
        "string",
    ),
    (
        "base-url",
        "[PROVIDER=]URL",
        "the server to speak to, such as http://127.0.0.1:8080/v1; repeatable",
        "linelist",
    ),
    ("prices", "FILE", "your own dated prices (default: hiddenlayer-prices.yaml, if it is there)", "string"),
    ("timeout", "SECONDS", "most seconds of one attempt of a call", "string"),
    ("seed", "N", "seed that all others are derived from (default: 0)", "string"),
    ("temperature", "T", "temperature of every call, above task files and strategies", "string"),
    ("max-tokens", "N", "most new tokens of every call", "string"),
    ("concurrency", "N", "most calls in flight per model (default: adapts to what the server bears)", "string"),
    (
        "gate",
        "regression|threshold|require|off",
        "regression: red where a cell is worse than its baseline (default); threshold: only threshold, must_pass "
        "and min_scored; require: as regression, and red without a whole baseline; off: no gates",
        "string",
    ),
    ("gate-underpowered", "pass|fail", "what a verdict is worth for which too little was measured", "string"),
    ("match", "hash|id", "compare samples of the same id and prompt (default), or of the same id", "string"),
)
_FLAGS: tuple[tuple[str, str], ...] = (
    ("strict", "any wrong answer fails"),
    ("adaptive", "stop repeating the epochs of a cell once its verdict is decided"),
    ("batch", "send what waits for nothing through the batch APIs, at their price"),
    ("stream", "let answers come in pieces: tells the time to the first token, and costs CPU"),
    ("equal-budget", "hold strategies of several calls against their own model, asked as often"),
    ("allow-task-models", "let task files name models by folder or hub name, whose files are then loaded"),
    ("require-provider", "a provider that does not work here is an error instead of a skip"),
)
_PLAIN = (
    "provider",
    "model",
    "strategy",
    "judge",
    "epochs",
    "limit",
    "baseline",
    "budget",
    "record",
    "replay",
    "resume",
)
_REPEATABLE = ("provider", "strategy", "base-url")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register every option as --hl-NAME with an ini key hl_NAME."""
    group = parser.getgroup("hiddenlayer", "evaluation of language models (pytest-hiddenlayer)")
    for name, metavar, text, ini in _OPTIONS:
        group.addoption(f"--hl-{name}", metavar=metavar, help=text, **_how(name))
        parser.addini(_dest(name), text, type=ini, default=[] if ini == "linelist" else "")  # type: ignore[arg-type]
    for name, text in _FLAGS:
        group.addoption(f"--hl-{name}", action="store_true", default=False, dest=_dest(name), help=text)
        parser.addini(_dest(name), text, type="bool", default=False)
    parser.addini("eval_paths", "folders whose YAML and JSON task files are collected", type="paths", default=None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> Generator[None, Any, Any]:
    """Add the plain names last, so that another plugin or a conftest that wants one has it."""
    result = yield
    group = parser.getgroup("hiddenlayer")
    for name, metavar, _, _ in _OPTIONS:
        if name in _PLAIN:
            try:
                group.addoption(f"--{name}", metavar=metavar, help=f"the same as --hl-{name}", **_how(name))
            except (ValueError, argparse.ArgumentError):
                continue  # somebody else's name: ours stays --hl-NAME
    return result


def read_options(config: pytest.Config) -> RunOptions:
    """The run's options: command line, then ini, then default. Raises UsageError."""
    from ..model_names import name_models, parse_model
    from ..options import RunOptions, parse_base_urls, parse_budget
    from ..registry import providers
    from ..strategies.bind import parse_strategy
    from ..types import GenerationConfig

    judge, budget = _text(config, "judge"), _text(config, "budget")
    base_urls = parse_base_urls(_texts(config, "base-url"))
    options = RunOptions(
        providers=name_models(_texts(config, "provider") or ("mlx",), _text(config, "model"), providers.get),
        strategies=tuple(map(parse_strategy, _texts(config, "strategy"))) or None,
        judge=parse_model(judge, "--judge") if judge else None,
        epochs=_number(config, "epochs", int, 1),
        limit=_number(config, "limit", int, 1),
        seed=_number(config, "seed", int, 0) or 0,
        generate=GenerationConfig(
            temperature=_number(config, "temperature", float, 0.0),
            max_tokens=_number(config, "max-tokens", int, 1),
        ),
        concurrency=_number(config, "concurrency", int, 1),
        timeout_s=_number(config, "timeout", float, 0.001),
        base_urls=base_urls,
        ini_urls=ini_urls(config, base_urls),
        cache=_word(config, "cache", ("seeded", "all", "off")),
        record=_path(config, "record"),
        replay=_path(config, "replay"),
        budget_usd=parse_budget(budget) if budget else None,
        prices=_path(config, "prices") or _found(config.rootpath / "hiddenlayer-prices.yaml"),
        batch=_flag(config, "batch"),
        stream=_flag(config, "stream"),
        allow_task_models=allows(config, "allow_task_models"),
        strict=_flag(config, "strict"),
        require_provider=_flag(config, "require-provider"),
        gate=_word(config, "gate", ("regression", "threshold", "require", "off")),
        gate_underpowered=_word(config, "gate-underpowered", ("pass", "fail")),
        match=_word(config, "match", ("hash", "id")),
        adaptive=_flag(config, "adaptive"),
        equal_budget=_flag(config, "equal-budget"),
        baseline=_text(config, "baseline"),
        resume=_run(config, "resume"),
    )
    refuse_ini_models(config, options)
    return options


def _run(config: pytest.Config, name: str) -> Path | None:
    """The folder of a run; a worker has it from the controller, for which `last` meant another one."""
    from ..results.log.run_log import find_run

    given = getattr(config, "workerinput", {}).get("hl_resume")
    asked = _text(config, name) if given is None else given
    return find_run(config.rootpath, asked) if asked else None


def asked_for(config: pytest.Config) -> bool:
    """Whether the command line uses an option of ours: then a wrong one is a usage error at once."""
    names = [name for name, *_ in _OPTIONS] + [name for name, _ in _FLAGS]
    return any(config.getoption(_dest(name), None) for name in names)


def check_options(config: pytest.Config) -> None:
    """A wrong option is a usage error before anything is collected.

    Strategies named on the command line must be known by then: in a plugin or an initial conftest.
    """
    from ..errors import HiddenLayerError
    from ..options import check
    from .state import state_of

    try:
        state = state_of(config)
        check(state.options)
        _ = state.resumed  # read now: a log that is not there is a wrong option
    except HiddenLayerError as error:
        raise pytest.UsageError(str(error)) from None


def _dest(name: str) -> str:
    return "hl_" + name.replace("-", "_")


def _how(name: str) -> dict[str, Any]:
    action = "append" if name in _REPEATABLE else "store"
    return {"action": action, "dest": _dest(name), "default": None}


def _text(config: pytest.Config, name: str) -> str | None:
    given = config.getoption(_dest(name))
    return given if given is not None else (config.getini(_dest(name)) or None)


def _path(config: pytest.Config, name: str) -> Path | None:
    """A path as it was typed on the command line, or relative to rootdir where the ini file names it."""
    given = config.getoption(_dest(name))
    if given is not None:
        return Path(config.invocation_params.dir, given)
    named = config.getini(_dest(name))
    return config.rootpath / named if named else None


def _found(path: Path) -> Path | None:
    return path if path.is_file() else None


def _texts(config: pytest.Config, name: str) -> tuple[str, ...]:
    given: Sequence[str] | None = config.getoption(_dest(name))
    return tuple(given if given else config.getini(_dest(name)))


def _flag(config: pytest.Config, name: str) -> bool:
    return bool(config.getoption(_dest(name)) or config.getini(_dest(name)))


def _word(config: pytest.Config, name: str, words: tuple[str, ...]) -> str:
    """One of these words; the first where nobody said any. Raises UsageError."""
    from ..errors import UsageError, did_you_mean

    text = _text(config, name) or words[0]
    if text not in words:
        raise UsageError(f"--hl-{name} {text!r}: write {', '.join(words)}{did_you_mean(text, words)}")
    return text


def _number(config: pytest.Config, name: str, kind: type, least: float) -> Any:
    from ..errors import UsageError

    text = _text(config, name)
    if text is None:
        return None
    wanted = "a whole number" if kind is int else "a number"
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not least <= value < float("inf"):
        raise UsageError(f"--hl-{name} {text!r}: {wanted} of at least {least:g} is needed")
    return value
