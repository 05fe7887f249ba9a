"""A fake server that refuses what a family of models refuses, and answers everything else as a good model would."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fake_server import fake_server
from fake_server.replies import Reply

from .rules import Family

MODEL = "fake-1"


@dataclass
class StandIn:
    """A running stand-in, and what it refused and accepted."""

    family: Family
    url: str = ""  # as --hl-base-url takes it
    refused: Counter[str] = field(default_factory=Counter)  # by parameter and message
    accepted: list[Mapping[str, Any]] = field(default_factory=list)  # bodies

    def refuse(self, path: str, body: Mapping[str, Any]) -> Reply | None:
        """Return the refusal of the first rule that a body breaks; None if it breaks none."""
        for rule in self.family.rules:
            if rule.breaks(body):
                self.refused[f"{rule.param}: {rule.message}"] += 1
                return Reply(json.dumps(self.family.error(rule)).encode(), status=rule.status)
        self.accepted.append(body)
        return None


@contextmanager
def stand_in(family: Family) -> Iterator[StandIn]:
    """Run a stand-in of a family."""
    running = StandIn(family)
    with fake_server(refuse=running.refuse, write=write, models=(MODEL,)) as server:
        running.url = f"{server.url}/v1" if family.provider.startswith("openai") else server.url
        yield running


def write(prompt: str, body: Mapping[str, Any]) -> str:
    """Return what a good model writes: a plan, a verdict in the form that is asked for, or the answer."""
    if prompt.startswith("Split this task"):
        return "1. Add the numbers.\n2. Check the sum."
    if "square brackets" in prompt:
        verdict: Any = "A" if "answer_a" in prompt else 5
        asks_schema = any(body.get(name) for name in ("response_format", "text", "format", "output_config"))
        return json.dumps({"explanation": "fine", "verdict": verdict}) if asks_schema else f"Fine. [[{verdict}]]"
    return "The answer is 4\n\nThat was easy."
