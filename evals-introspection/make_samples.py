"""Writes the samples of the introspection tasks: `python evals-introspection/make_samples.py`.

The stories are new. A fixed seed puts right answers at every position equally often.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from stories import CONTENTS, ESSAYS, EXPRESSIONS, PREFERENCES, TRANSFERS  # noqa: E402

Row = dict[str, Any]


def theory_of_mind() -> Iterator[Row]:
    """Yields each scene twice: the person misses the change (false belief), or knows of it (true belief)."""
    for index, scene in enumerate(TRANSFERS):
        yield from _pair(f"transfer-{index + 1:02}", *_transfer(**scene))
    for index, scene in enumerate(CONTENTS):
        yield from _pair(f"contents-{index + 1:02}", *_contents(**scene))


def _transfer(who: str, other: str, thing: str, first: str, second: str) -> tuple[str, str, str, str]:
    question = f"Where will {who} look for the {thing} first?"
    false = (
        f"{who} puts the {thing} in the {first} and leaves the house. While {who} is away, {other} moves the "
        f"{thing} from the {first} to the {second}. {who} hears nothing of this. {who} comes back and wants the "
        f"{thing}. {question}"
    )
    true = (
        f"{who} puts the {thing} in the {first} and sits down. While {who} is watching, {other} moves the "
        f"{thing} from the {first} to the {second}. {who} sees all of this. A minute later {who} wants the "
        f"{thing}. {question}"
    )
    return false, true, first, second


def _contents(who: str, container: str, label: str, inside: str) -> tuple[str, str, str, str]:
    question = f"What does {who} think is in the {container}?"
    false = (
        f'A closed {container} has the label "{label}". Someone has put {inside} into it, and there are no {label} '
        f"inside. {who} has never looked into the {container}. {who} reads the label. {question}"
    )
    true = (
        f'A closed {container} has the label "{label}". Someone has put {inside} into it, and there are no {label} '
        f"inside. {who} has just looked into the {container}. {who} reads the label. {question}"
    )
    return false, true, label, inside


def _pair(name: str, false: str, true: str, believed: str, real: str) -> Iterator[Row]:
    kind = name.partition("-")[0]
    for belief, text, target in (("false", false, believed), ("true", true, real)):
        row = {"id": f"{name}-{belief}", "input": text, "target": target, "choices": [believed, real]}
        yield {**row, "group": name, "kind": f"{kind}, {belief} belief"}


def concept_detection() -> Iterator[Row]:
    """Yields texts that express a concept without its name, and essays into which one sentence was put."""
    concepts = list(EXPRESSIONS)
    choose = random.Random(3)
    for concept, texts in EXPRESSIONS.items():
        for index, text in enumerate(texts):
            others = choose.sample([name for name in concepts if name != concept], 3)
            row = {"id": f"{concept}-{index + 1}", "input": f"{text}\nWhich feeling does this text express?"}
            yield {**row, "target": concept, "choices": [concept, *others], "kind": "expressed"}
    for index, (sentences, injected) in enumerate(ESSAYS):
        texts = list(sentences)
        texts.insert(index % 4, injected)
        row = {"id": f"injected-{index + 1:02}", "input": f"{' '.join(texts)}\n{INJECTED}"}
        yield {**row, "target": injected, "choices": texts, "kind": "injected"}


INJECTED = "One sentence of this text was put in from a text about something else. Which one?"


def self_prediction() -> Iterator[Row]:
    """Yields questions of taste with two options; there is no right answer, only a prediction that comes true."""
    for index, (first, second) in enumerate(PREFERENCES):
        name = f"choice-{index + 1:02}"
        yield {"id": name, "input": f"{first} or {second}?", "target": "same", "choices": [first, second]}


def balanced(rows: Sequence[Row], seed: int) -> list[Row]:
    """Returns the rows with the right choice at each position equally often within a kind.

    The order of the sentences of an essay is part of its text and stays.
    """
    choose = random.Random(seed)
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(row["kind"], []).append(row)
    for kind, members in by_kind.items():
        if kind == "injected":
            continue
        count = len(members[0]["choices"])
        positions = [index % count for index in range(len(members))]
        choose.shuffle(positions)
        for row, position in zip(members, positions, strict=True):
            others = [choice for choice in row["choices"] if choice != row["target"]]
            choose.shuffle(others)
            row["choices"] = [*others[:position], row["target"], *others[position:]]
    return list(rows)


def write(name: str, rows: Sequence[Row], folder: Path = FOLDER) -> None:
    """Writes rows to a JSONL file of the folder."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / name).write_text(text, encoding="utf-8")


def main(folder: Path = FOLDER) -> None:
    """Writes the three files."""
    write("theory_of_mind.jsonl", balanced(list(theory_of_mind()), seed=1), folder)
    write("concept_detection.jsonl", balanced(list(concept_detection()), seed=2), folder)
    write("self_prediction.jsonl", list(self_prediction()), folder)


if __name__ == "__main__":
    main()
