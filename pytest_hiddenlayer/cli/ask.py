"""`hiddenlayer ask "QUESTION"`: one question to one strategy; each call is shown when it is answered."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..option_table import OPTIONS, Option
from ..terminal_escape import json_text, visible
from .argument_types import add_run_options, written_values

if TYPE_CHECKING:
    from ..interface.outcomes import StrategyResult
    from ..types import Call

HELP = "ask one question, and watch the strategy answer it"
EPILOG = """examples:
  hiddenlayer ask "Calculate 17+25."
  hiddenlayer ask "Calculate 17+25." --strategy debate:n_agents=4 --target 42
  hiddenlayer ask "Name three rivers." --provider ollama:llama3.2 --system "Be brief." --temperature 0
  cat question.txt | hiddenlayer ask - --json

exit status: 0 an answer (with --target: a right one); 1 no answer, or a wrong one; 4 a wrong option or name
"""

_HELP = {
    "provider": "provider, and optionally model, that answers (default: mlx)",
    "model": "model of the provider: a folder, a GGUF file, a hub name or smollm2 (default: the bundled model)",
    "strategy": "strategy that answers, such as debate:n_agents=4 (default: single)",
    "budget": "spend at most this much, in US dollars; a call that does not fit is not made",
    "temperature": "temperature of every call; overrides the strategy's",
}
"""What differs from the help of `run`: one question, asked of one model."""

_ASKED = ("provider", "model", "adapter", "strategy", "judge", "temperature", "max-tokens", "seed", "prompts")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The question, who answers it, and how."""
    parser.add_argument("question", metavar="QUESTION", help="the prompt; `-` reads it from standard input")
    parser.add_argument("--system", metavar="TEXT", help="system message")
    parser.add_argument("--target", metavar="TEXT", action="append", help="the right answer; repeat it for others")
    parser.add_argument(
        "--scorer", metavar="NAME", default=None, help="scorer that reads and compares the answer, such as numeric"
    )
    parser.add_argument("--quiet", action="store_true", help="print the answer only")
    parser.add_argument("--json", action="store_true", help="print the record as JSON")
    asked = filter(_is_asked, OPTIONS)
    add_run_options(parser, (replace(option, help=_HELP.get(option.name, option.help)) for option in asked))


def _is_asked(option: Option) -> bool:
    return option.calls or option.name in _ASKED


def run(arguments: argparse.Namespace) -> int:
    """Ask, print each call when it is answered, then the answer. Returns 0 or 1."""
    from ..errors import BudgetExceededError, ProviderError
    from ..interface.calls import run_strategy
    from ..interface.python_arguments import command_options
    from ..interface.tracker import get_tracker

    show = None if arguments.quiet or arguments.json else _Printer(shutil.get_terminal_size().columns).print
    question, settings = _question(arguments.question), _settings(arguments)
    try:
        with command_options():
            result = run_strategy(prompt=question, on_call=show, **settings)
    except (ProviderError, BudgetExceededError) as error:
        print(f"hiddenlayer: no answer: {error}", file=sys.stderr)
        return 1
    finally:
        get_tracker().close()
    if arguments.json:
        print(json_text(result.record.to_json()))
    else:
        _print(result, quiet=arguments.quiet)
    return 0 if result.output is not None and result.score in (None, 1.0) else 1


def _question(written: str) -> str:
    question = sys.stdin.read() if written == "-" else written
    if not question.strip():
        raise UsageError('the question is empty; write it in quotes: hiddenlayer ask "What is 2+2?"')
    return question


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `run_strategy`."""
    from ..strategies.bind import parse_strategy

    written = {name.replace("-", "_"): value for name, value in written_values(arguments).items()}
    for name in ("strategy", "provider"):
        if len(written.get(name, ())) > 1:
            raise UsageError(f"--{name}: one is asked, found {len(written[name])}; leave out the others")
    spec = parse_strategy(written.pop("strategy", ["single"])[0])
    provider = written.pop("provider", ["mlx"])[0]
    numbers = {"temperature": float, "max_tokens": int}
    for name, number_type in numbers.items():
        if name in written:
            written[name] = _number(name, written[name], number_type)
    targets = arguments.target
    return {
        "strategy": {spec.name: dict(spec.params)},
        "provider": provider,
        "system": arguments.system,
        "target": targets[0] if targets and len(targets) == 1 else targets,
        "scorers": [arguments.scorer] if arguments.scorer else [],
        **written,
    }


def _number(name: str, text: str, number_type: type) -> Any:
    try:
        return number_type(text)
    except ValueError:
        kind = "a whole number" if number_type is int else "a number"
        raise UsageError(f"--{name.replace('_', '-')} {text!r}: write {kind}") from None


class _Printer:
    """Prints calls as they are answered; called from the engine's thread."""

    def __init__(self, width: int) -> None:
        self._width = max(40, min(width, 100))
        self._lock = threading.Lock()

    def print(self, call: Call) -> None:
        """Print role, round and completion."""
        reason = "" if call.finish_reason == "stop" else f", ended by {call.finish_reason}"
        with self._lock:
            print(f"── {visible(call.role)}, round {call.round}{visible(reason)}")
            print(self._indented(call.completion))
            sys.stdout.flush()

    def _indented(self, text: str) -> str:
        lines = visible(text).splitlines() or [""]
        wrapped = (textwrap.wrap(line, self._width - 3, replace_whitespace=False) or [""] for line in lines)
        return "\n".join(f"   {part}" for parts in wrapped for part in parts)


def _print(result: StrategyResult, *, quiet: bool) -> None:
    text = result.output if result.output is not None else f"no answer: {result.error}"
    print(visible(text) if quiet else f"══ answer\n{visible(text)}")
    if quiet:
        return
    n_calls = len(result.transcript)
    calls = f"{n_calls} call{'' if n_calls == 1 else 's'}"
    tokens = (
        "?" if None in (result.tokens_in, result.tokens_out) else f"{result.tokens_in} in, {result.tokens_out} out"
    )
    cost = "cost unknown" if result.cost_usd is None else f"${result.cost_usd:.4g}"
    verdict = "" if result.score is None else f"{result.outcome}, score {result.score:.3g}; "
    print(
        f"\n{verdict}{result.model}: {calls}, {tokens} tokens, {cost}, {result.latency_s:.1f} s; run {result.run_id}"
    )
