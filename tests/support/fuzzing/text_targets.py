"""What reads or writes texts of models and of files, for the coverage-guided fuzzer: properties that always hold."""

from __future__ import annotations

import json
import math
import os
import re
import warnings
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any
from unittest.mock import patch

from pytest_hiddenlayer.analysis.votes.comparison import parse_rule
from pytest_hiddenlayer.calls.plain_completion import plain_completion
from pytest_hiddenlayer.completions.blank import is_blank
from pytest_hiddenlayer.completions.reasoning_tags import read_tags
from pytest_hiddenlayer.errors import HiddenLayerError, ProviderError
from pytest_hiddenlayer.export.latex.escape import escape
from pytest_hiddenlayer.export.tables import csv_cell
from pytest_hiddenlayer.extensions.secret_masking import held_keys, mask_keys
from pytest_hiddenlayer.hosts.specs import parse_specs
from pytest_hiddenlayer.io.json_text import decode_finite_json
from pytest_hiddenlayer.local_models.sizes import parse_size
from pytest_hiddenlayer.model_names import parse_model
from pytest_hiddenlayer.options import parse_base_urls, parse_budget, parse_confidence, parse_shard
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.regular_expressions import compile_regex
from pytest_hiddenlayer.regular_expressions.harmless import is_harmless as is_harmless_regex
from pytest_hiddenlayer.report.markdown.text import cell, code
from pytest_hiddenlayer.scorers.match.choice import Choice
from pytest_hiddenlayer.scorers.match.exact import Exact
from pytest_hiddenlayer.scorers.match.keyword import Keyword
from pytest_hiddenlayer.scorers.match.numbers import find_numbers
from pytest_hiddenlayer.scorers.match.numeric import Numeric
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.strategies.debate.decisions import read_decision
from pytest_hiddenlayer.strategies.debate.judging.verdicts import read_choice as read_judges_choice
from pytest_hiddenlayer.strategies.debate.network.replies import read_ranking, read_ratings
from pytest_hiddenlayer.strategies.debate.reconcile import find_confidence
from pytest_hiddenlayer.strategies.introspection.self_critique import read_verdict as read_critique
from pytest_hiddenlayer.strategies.orchestration.plan import parse_plan
from pytest_hiddenlayer.strategies.orchestration.plan_graph import read_plan
from pytest_hiddenlayer.strategies.orchestration.thoughts import read_choice, read_thoughts, read_value
from pytest_hiddenlayer.strategies.refinement.steps import read_list
from pytest_hiddenlayer.strategies.tools.tool_calls import read_tool_call
from pytest_hiddenlayer.strategies.verbal_confidence import read_confidence, read_yes_or_no
from pytest_hiddenlayer.strategies.verdicts import read_verdict
from pytest_hiddenlayer.taskfile.prompt import check_template, render_here
from pytest_hiddenlayer.taskfile.templates.harmless import is_harmless as is_harmless_template
from pytest_hiddenlayer.terminal_escape import json_text, one_line, visible
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request, Sample, Usage

KEY = "sk-Zq7Xw2Lm9Rt4Vb6N"
ESCAPES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
COMMAND = re.compile(r"^\s*::[A-Za-z]|##\[", re.MULTILINE)
VARIABLES = {"input": "the question " * 20, "choices": ["a", "b", "c"], "id": "s1", "metadata": {"of": [1, 2]}}
TOO_MUCH = re.compile("characters|steps|longer than|too many digits|too much memory|MemoryError")
HARMLESS_LATEX = re.compile(
    r"\\(?:text\w+\{\}|ldots\{\}|pounds\{\}|S\{\}|ensuremath\{(?:[-]|\\[A-Za-z]+)\}|[{}$&%#_])"
)
"""What `escape` writes for characters that LaTeX would obey."""
SEARCHED = ("ab" * 200, "1" * 400 + "x", " \n" * 200, "")


def text_of(data: bytes) -> str:
    """The bytes as a text; what is not UTF-8 becomes lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def replies(data: bytes) -> None:
    """No reply of a model makes a strategy's reader raise, and what it reads is within its range."""
    text = text_of(data)
    reply = Completion(text=text, finish_reason="stop", model="m", usage=Usage(), latency_s=0.1)
    for confidence in (read_confidence(text), read_yes_or_no(text), find_confidence(text)[1]):
        assert confidence is None or 0 <= confidence <= 1, confidence
    for verdict in (read_verdict(reply), read_critique(text), read_tool_call(text), read_decision(reply)):
        str(verdict)
    assert read_judges_choice(text) in (None, 1, 2)
    assert read_choice(text, 3) in (None, 0, 1, 2)
    ratings, _ = read_ratings(text, 3)
    assert ratings is None or all(1 <= rating <= 5 for rating in ratings)
    assert len(read_ranking(text, 4, 2) or (1, 2)) == 2
    assert all(isinstance(step, str) for step in [*parse_plan(text), *read_list(reply, 3)])
    assert len(read_thoughts(text, 3, complete=True)) <= 3
    value = read_value(text)
    assert value is None or math.isfinite(value)
    read_plan(text)
    read_tags(text)


@cache
def scorers() -> tuple[tuple[Any, Sample], ...]:
    """Scorers that ask no model, each with a sample."""
    number = Sample(id="s", input="q", target="12.5")
    letter = Sample(id="s", input="q", target="B", choices=("red", "blue", "green"))
    word = Sample(id="s", input="q", target="blue whale")
    return (
        (Exact(), word),
        (Keyword(), word),
        (Numeric(abs_tol=0.01), number),
        (Choice(), letter),
    )  # fmt: skip


def answers(data: bytes) -> None:
    """No answer makes a scorer raise; a score is unknown or in [0, 1], and that of a blank answer unknown or 0."""
    text = text_of(data)
    for scorer, sample in scorers():
        try:
            scorer.score(text, sample).send(None)  # without `ask` they wait for nothing
        except StopIteration as end:
            value = end.value.value
            assert value is None or 0 <= value <= 1, (scorer, value)
            assert not (is_blank(text) and value), (scorer, value)
    for number in find_numbers(text):
        str(number)


def terminals(data: bytes) -> None:
    """What is printed has no character that steers a terminal and no command of a CI job."""
    text = text_of(data)
    shown = visible(text)
    assert not ESCAPES.search(shown)
    assert not COMMAND.search(shown)
    assert visible(shown) == shown
    assert "\n" not in one_line(text)
    printed = json_text({"text": text})
    assert not ESCAPES.search(printed)
    assert json.loads(printed) == {"text": text}


def tables(data: bytes) -> None:
    """No cell is a formula, a link, an element or a command of LaTeX."""
    text = text_of(data)
    value = str(csv_cell(text))
    assert value[:1] not in ("=", "+", "-", "@", "\t", "\r") or re.fullmatch(r"[-+]?[\d.,eE+-]+%?", value), value
    for markdown in (code(text), cell(text)):
        inner = markdown.removeprefix("<code>").removesuffix("</code>").replace("<wbr>", "")
        assert not re.search(r"[<>`|\n\[\]*_\\~@]", inner), inner
    latex = escape(text)
    assert not re.search(r"[\\#$%&_^]", HARMLESS_LATEX.sub("", latex)), latex
    braces = re.sub(r"\\[\\{}]", "", latex)
    assert braces.count("{") == braces.count("}")


def keys(data: bytes) -> None:
    """A key is masked at any place of any text, also if a tag splits it."""
    at = data[0] if data else 0
    split = data[1:2].decode("ascii", "ignore") if len(data) > 1 else ""
    rest = text_of(data[2:])
    key = KEY if not split or split.isalnum() else f"{KEY[:8]}<{split}b>{KEY[8:]}"
    masked = mask_keys(rest[:at] + key + rest[at:], [KEY])
    assert KEY not in re.sub(r"<[^<>]*>", "", masked)
    assert not held_keys(masked, [KEY])


def templates(data: bytes) -> None:
    """A template that is rendered in this process stays within its limits; the only error is ValueError."""
    text = text_of(data)
    if not is_harmless_template(text):
        return
    message = ""
    try:
        render_here(check_template(text), VARIABLES)
    except ValueError as error:
        message = str(error)
    assert not TOO_MUCH.search(message), message


def patterns(data: bytes) -> None:
    """An expression that is searched in this process finds what `re` finds, and soon."""
    text = text_of(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a nested set, say
        try:
            with_re = re.compile(text)
        except (re.error, RecursionError, OverflowError, ValueError):
            return
        if not is_harmless_regex(text):
            return
    with_limits = compile_regex(text)
    for searched in SEARCHED:
        match, expected = with_limits.search(searched), with_re.search(searched)
        assert (match is None) == (expected is None), searched
        assert match is None or expected is None or match.span() == expected.span(), searched


class FakeClient:
    """A client of a server that answers with these objects."""

    def __init__(self, objects: Sequence[dict[str, Any]]) -> None:
        self._objects = objects

    async def post(self, *args: Any) -> dict[str, Any]:
        """Return the last object."""
        return self._objects[-1]

    async def events(self, *args: Any) -> AsyncGenerator[dict[str, Any]]:
        """Yield every object."""
        for values in self._objects:
            yield values

    def with_hint(self, error: Exception) -> Exception:
        """Return the error unchanged."""
        return error


@cache
def providers() -> tuple[Any, ...]:
    """A provider of each API that answers with JSON; none connects to its server here."""
    environment = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY, "OPENAI_BASE_URL": "", "ANTHROPIC_BASE_URL": ""}
    with patch.dict(os.environ, environment):
        return OpenAIProvider("m"), OpenAIResponsesProvider("m"), AnthropicProvider("m")


def responses(data: bytes) -> None:
    """Whatever objects a server sends, as events or as one response, the only error is one of the provider."""
    try:
        value = decode_finite_json(data)
    except ValueError:
        return
    objects = [values for values in (value if isinstance(value, list) else [value]) if isinstance(values, dict)]
    if not objects:
        return
    request = Request(messages=(Message(role="user", content="q"),), params=GenerationConfig(), seed=1)
    for provider in providers():
        for stream in (False, True):
            provider._client, provider.stream = FakeClient(objects), stream
            try:
                provider.complete(request).send(None)
            except StopIteration as end:
                completion = plain_completion(end.value)
                assert isinstance(completion.text, str)
            except ProviderError:
                pass


PARSERS: tuple[Callable[[str], Any], ...] = (
    parse_model,
    parse_strategy,
    parse_rule,
    parse_budget,
    lambda text: parse_base_urls([text]),
    lambda text: parse_shard(text, "--shard"),
    lambda text: parse_confidence(text, "--confidence"),
    lambda text: parse_size(text, "--memory"),
    lambda text: parse_specs([text]),
)


def options(data: bytes) -> None:
    """Whatever is typed for an option, the only error is one for a user."""
    for parse in PARSERS:
        with suppress(HiddenLayerError):
            parse(text_of(data))


PROPERTIES: dict[str, Callable[[bytes], None]] = {
    "replies": replies,
    "answers": answers,
    "terminals": terminals,
    "tables": tables,
    "keys": keys,
    "templates": templates,
    "patterns": patterns,
    "responses": responses,
    "options": options,
}
"""What is read or written → what holds for any bytes."""
