"""The dependencies of a plan's steps, and the order in which they can be done.

A step of a list names them at its end, `3. Add both results (after 1, 2)`; a step in JSON has a field
`depends_on` with numbers or ids. Numbers count the steps from 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .plan import json_items, parse_plan

_NUMBERS = r"\d{1,3}(?:\s*(?:,|;|&|and|\+)+\s*(?:and\s+)?(?:steps?\s*)?#?\d{1,3})*"
_AFTER = re.compile(
    rf"[(\[]\s*(?:after|depends\s+on|dependenc(?:y|ies)|(?:needs|requires|uses)(?=\s*:?\s*steps?\b))\s*:?\s*"
    rf"(?P<steps>(?:steps?\s*)?#?{_NUMBERS}|none|nothing)\s*[)\]]\s*[.;]?$",
    re.IGNORECASE,
)
_KEYS = ("depends_on", "dependencies", "depends", "after", "deps")
_ID_KEYS = ("id", "number", "step_id", "nr")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """One step of a plan."""

    text: str
    after: tuple[str, ...] = ()  # as written: numbers from 1, or ids of a plan in JSON
    id: str = ""  # as written in JSON; empty: its number


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanGraph:
    """The steps with what they wait for, or why they can never be done."""

    steps: tuple[str, ...]
    after: tuple[tuple[int, ...], ...]  # per step: the indices of the steps that it waits for
    fault: str = ""  # a dependency that does not exist, or a cycle

    @property
    def has_dependencies(self) -> bool:
        """Whether any step waits for another one."""
        return any(self.after)

    def ready(self, done: frozenset[int]) -> list[int]:
        """Returns the indices of the steps that are not done and wait for no step that is not done."""
        return [i for i in range(len(self.steps)) if i not in done and done.issuperset(self.after[i])]


def read_plan(text: str) -> PlanGraph:
    """Returns the graph of a plan's steps; without steps if the text is not a plan."""
    steps = _planned_steps(text)
    numbers = {str(number): number - 1 for number in range(1, len(steps) + 1)}
    ids = {step.id.casefold(): index for index, step in enumerate(steps) if step.id}
    if not any(name.isdecimal() for name in ids):
        ids |= numbers
    missing = [(i, name) for i, step in enumerate(steps) for name in step.after if _index(name, ids) is None]
    after = tuple(_indices(step.after, ids) for step in steps)
    graph = PlanGraph(steps=tuple(step.text for step in steps), after=after)
    if missing:
        index, name = missing[0]
        fault = f"step {index + 1} waits for step {name}, which does not exist (there are {len(steps)} steps)"
        return PlanGraph(steps=graph.steps, after=after, fault=fault)
    return PlanGraph(steps=graph.steps, after=after, fault=_cycle(graph))


def _planned_steps(text: str) -> list[PlannedStep]:
    texts = parse_plan(text)
    items = json_items(text)
    if len(items) == len(texts) and any(isinstance(item, Mapping) for item in items):
        return [_json_step(item, step) for item, step in zip(items, texts, strict=True)]
    return [_written_step(step) for step in texts]


def _written_step(text: str) -> PlannedStep:
    match = _AFTER.search(text)
    if match is None or match.start() == 0:
        return PlannedStep(text=text)
    return PlannedStep(text=text[: match.start()].rstrip(), after=tuple(re.findall(r"\d+", match["steps"])))


def _json_step(item: Any, text: str) -> PlannedStep:
    if not isinstance(item, Mapping):
        return _written_step(text)
    named: Any = next((item[key] for key in _KEYS if item.get(key) not in (None, "", [])), [])
    names = named if isinstance(named, list) else re.split(r"\s*,\s*", str(named))
    identity = next((item[key] for key in _ID_KEYS if isinstance(item.get(key), int | str)), "")
    return PlannedStep(text=text, after=tuple(str(name).strip() for name in names), id=str(identity).strip())


def _indices(names: Sequence[str], ids: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(index for name in names if (index := _index(name, ids)) is not None))


def _index(name: str, ids: Mapping[str, int]) -> int | None:
    """The step that a dependency means: by its id, or by the number in `step 2`."""
    number = re.fullmatch(r"(?:steps?|task)?[\s_#-]*0*(\d+)", name, re.IGNORECASE)
    found = ids.get(name.casefold())
    return ids.get(number[1]) if found is None and number else found


def _cycle(graph: PlanGraph) -> str:
    """Why some steps can never start; empty if all can."""
    done: frozenset[int] = frozenset()
    while ready := graph.ready(done):
        done |= set(ready)
    waiting = [i for i in range(len(graph.steps)) if i not in done]
    pairs = [f"{i + 1} waits for {', '.join(str(j + 1) for j in graph.after[i])}" for i in waiting]
    return f"steps wait for each other: {'; '.join(pairs)}" if pairs else ""
