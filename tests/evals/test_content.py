"""The project's evals: no sample was in the bundled models' training texts, and the data are reproducible."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, StrictUndefined

from pytest_hiddenlayer.models import BUNDLED

ROOT = Path(__file__).resolve().parents[2]
EVALS = ROOT / "evals"
TASKS = sorted(EVALS.glob("*.yaml"))
ENVIRONMENT = Environment(undefined=StrictUndefined, autoescape=False)
ARITHMETIC = ("sums", "sums_at_once", "sums_written", "json_answers", "commutative", "judging_pairs")


@pytest.fixture(scope="module")
def holdout() -> Any:
    """The hold-out rule of nano-1, imported from the repository because no wheel contains training/."""
    sys.path.insert(0, str(ROOT))
    try:
        from training import holdout

        yield holdout
    finally:
        sys.path.remove(str(ROOT))


def task_of(path: Path) -> dict[str, Any]:
    task: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return task


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the samples of a task file by field name, read without the package under test."""
    task = task_of(path)
    rows = task["samples"]
    if isinstance(rows, str):
        text = (EVALS / rows).read_text(encoding="utf-8")
        if rows.endswith(".csv"):
            rows = list(csv.DictReader(text.splitlines()))
        elif rows.endswith(".jsonl"):
            rows = [json.loads(line) for line in text.splitlines()]
        else:
            rows = json.loads(text)
    fields = {column: field for field, column in task.get("fields", {}).items()}
    return [{fields.get(key, key): value for key, value in row.items()} for row in rows]


def prompts() -> Iterator[tuple[str, str, str]]:
    """Yield (task, sample id, rendered prompt) of all samples."""
    for path in TASKS:
        template = ENVIRONMENT.from_string(task_of(path).get("prompt", "{{ input }}"))
        for row in rows_of(path):
            yield path.stem, row["id"], template.render(**row)


def expression_of(question: str) -> str:
    """Return the sum in `What is 37+58?`, `Compute 37+58.` or `37+58`."""
    match = re.search(r"\d+[-+*]\d+", question)
    assert match, question
    return match[0]


def value_of(expression: str) -> int:
    left, sign, right = re.split(r"([-+*])", expression)
    return {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}[sign](int(left), int(right))


def debate_samples() -> dict[str, int]:
    return {p.stem: len(rows_of(p)) for p in TASKS if "debate" in task_of(p).get("strategies", [])}


def test_no_prompt_was_in_the_training_text(holdout: Any) -> None:
    """nano-1's training text contains no prompt of the evals."""
    assert [(task, id) for task, id, prompt in prompts() if holdout.could_be_trained(prompt)] == []


def test_targets_are_correct() -> None:
    """The targets of sums, comparisons, sorted lists and majorities are those that Python computes."""
    rows = {path.stem: rows_of(path) for path in TASKS}
    for task in (*ARITHMETIC[:-1], "products", "judged"):
        for row in rows[task]:
            assert value_of(expression_of(row["input"])) == int(row["target"]), (task, row["id"])
    for row in rows["judging_pairs"]:
        right = row["choices"]["AB".index(row["target"])]
        assert value_of(expression_of(row["input"])) == int(right), row["id"]
    for row in rows["compare"]:
        a, word, _, b = row["input"].split()
        holds = int(a) > int(b) if word == "greater" else int(a) < int(b)
        assert row["target"] == ("yes" if holds else "no"), row["id"]
    for row in rows["sorting"]:
        numbers = [int(part) for part in row["input"].split(" in ")[0].split(", ")]
        ordered = sorted(numbers, reverse="descending" in row["input"])
        assert row["target"] == ", ".join(map(str, ordered)), row["id"]
    for row in rows["majority"]:
        (winner, votes), *others = Counter(row["input"].split(", ")).most_common()
        assert row["target"] == winner, row["id"]
        assert all(count < votes for _, count in others), row["id"]


def read_sum(text: str) -> int:
    """Return the value of the only product or chain of sums in a question, computed from left to right."""
    signs = text.replace(" plus ", "+").replace(" minus ", "-").replace(" times ", "*")
    if product := re.search(r"(\d+) ?\* ?(\d+)", signs):
        return int(product[1]) * int(product[2])
    (chain,) = re.findall(r"\d+(?: ?[-+] ?\d+)+", signs)
    return sum(int(number) for number in re.findall(r"-?\d+", chain.replace(" ", "")))


def read_story(text: str) -> int:
    """Return the result of a problem's three steps, ignoring irrelevant sentences."""
    bought = re.search(r"has (\d+) \w+, buys (\d+), gives \w+ (\d+) and finds (\d+)\.", text)
    shop = r"A shop has (\d+) .*?(\d+) arrive, (\d+) are sold, and (\d+) more arrive\."
    match = bought or re.search(shop, text)
    assert match, text
    first, gained, lost, found_later = map(int, match.groups())
    return first + gained - lost + found_later


def read_cell(text: str) -> str:
    """Return the requested cell of a table in any of the four notations."""
    city = "[A-Z][a-z]+"
    people = [
        *re.findall(rf"^(\w+),(\d+),({city}),(\d+)$", text, re.M),
        *re.findall(rf"^(\w+) \| (\d+) \| ({city}) \| (\d+)$", text, re.M),
        *re.findall(rf"^(\w+): age (\d+), city ({city}), score (\d+)$", text, re.M),
        *re.findall(rf"(\w+) is (\d+), lives in ({city}) and has (\d+) points\.", text),
    ]
    question = next(line for line in text.split("\n") if line.endswith("?"))
    assert people, text
    if "oldest" in question:
        return str(max(people, key=lambda row: int(row[1]))[0])
    named = [row for row in people if re.search(rf"\b{row[0]}\b", question)]
    if named:
        (row,) = named
        return str(row[1 if re.search(r"old|age", question) else 2 if re.search(r"city|live", question) else 3])
    (row,) = [row for row in people if set(row[1:]) & set(re.findall(r"\w+", question))]
    return str(row[0])


@pytest.mark.parametrize(
    ("task", "read"),
    [
        ("chains", read_sum),
        ("long_sums", read_sum),
        ("hard_sums", read_sum),
        ("judged", read_sum),
        ("errands", read_story),
        ("tables", read_cell),
        ("pressure", lambda text: (read_story if " has " in text else read_sum)(text.split("\n")[0])),
    ],
)
def test_targets_match_an_independent_reader(task: str, read: Callable[[str], int | str]) -> None:
    """The targets of nano-2's generator equal those that an independent reader computes from the text."""
    rows = rows_of(EVALS / f"{task}.yaml")
    assert [(row["id"], str(read(row["input"]))) for row in rows] == [(row["id"], row["target"]) for row in rows]


def test_sums_are_not_steps_of_trained_word_problems(holdout: Any) -> None:
    """No held-out sum or difference is a written step of a word problem that nano-1 may have read."""
    trained = []
    for path in TASKS:
        for row in rows_of(path) if path.stem in ARITHMETIC else ():
            expression = expression_of(row["input"])
            if "*" not in expression and holdout.is_step(expression):
                trained.append((path.stem, row["id"]))
    assert trained == []


@pytest.mark.parametrize(
    ("prompt", "trained"),
    [
        ("What is 37+58?", True),
        ("What is 37+58? Think step by step.", True),
        ("What is 119+640?", False),
        ("What is 1119+640?", False),
        ("What is the capital of Peru?", True),
        ("Please name the capital of Peru.", False),
        ("Answers: 95, 96, 95.\nWhich answer is most common?", True),
        ("Answers: 95, 61, 95.\nWhich answer is most common?", False),
        ("Repeat moon 4 times, separated by commas.", True),
        ("Repeat rain 4 times, separated by commas.", False),
        ("Make a bullet list of river, stone.", True),
        ("Make a bullet list of river, ocean.", False),
    ],
)
def test_hold_out_by_example(holdout: Any, prompt: str, trained: bool) -> None:
    """The rule distinguishes prompts of the training text from new prompts."""
    assert holdout.could_be_trained(prompt) is trained


def test_no_prompt_is_repeated() -> None:
    """All prompts differ, within a task and between tasks."""
    all_prompts = [prompt for _, _, prompt in prompts()]
    assert len(set(all_prompts)) == len(all_prompts)


def test_ids_are_unique_and_name_their_problem() -> None:
    """Ids are unique in their task, readable, and not row numbers."""
    for path in TASKS:
        ids = [row["id"] for row in rows_of(path)]
        assert len(set(ids)) == len(ids), path.name
        assert all(not id.isdigit() and "::" not in id and " " not in id for id in ids), path.name


def test_data_files_are_reproducible(tmp_path: Path) -> None:
    """training/make_evals.py writes the committed bytes of all data files."""
    subprocess.run([sys.executable, "-m", "training.make_evals", tmp_path], check=True, cwd=ROOT)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {name: (EVALS / name).read_bytes() for name in written}
    committed = {path.name for path in EVALS.iterdir() if path.suffix in (".jsonl", ".json", ".csv")}
    assert set(written) == committed


def test_the_evals_are_large_enough() -> None:
    """There are at least eight tasks, 250 samples, and 60 debates in three tasks."""
    debates = debate_samples()
    assert len(TASKS) >= 8
    assert sum(len(rows_of(path)) for path in TASKS) >= 250
    assert len(debates) >= 3
    assert 60 <= sum(debates.values()) <= 125  # about a minute


def test_must_pass_is_rare() -> None:
    """Two tasks have `must_pass` samples, at most three each."""
    counts = {path.stem: sum(bool(row.get("must_pass")) for row in rows_of(path)) for path in TASKS}
    with_any = [count for count in counts.values() if count]
    assert len(with_any) == 2
    assert max(with_any) <= 3


def readme_rows() -> list[list[str]]:
    """Return the table of evals/README.md: task, asks, n, scorer, both models' scores, other strategies."""
    table = (EVALS / "README.md").read_text(encoding="utf-8")
    return [
        [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| `")
    ]


def snapshot_score(task: str, strategy: str, model: str) -> str:
    path = ROOT / "snapshots" / task / f"{strategy}-mlx-{model}.json"
    return f"{json.loads(path.read_text(encoding='utf-8'))['score']:.2f}"


def test_readme_lists_every_task_with_its_size() -> None:
    """The table in evals/README.md names each task and its number of samples."""
    assert {row[0]: int(row[2]) for row in readme_rows()} == {path.stem: len(rows_of(path)) for path in TASKS}


def test_readme_matches_the_snapshots() -> None:
    """Every score in the table equals that of a committed snapshot, for nano-1 and the bundled model."""
    for task, _, _, _, old, new, others in readme_rows():
        assert old == snapshot_score(task, "single", "nano-1"), task
        assert new == snapshot_score(task, "single", BUNDLED), task
        strategies = [name for name in task_of(EVALS / f"{task}.yaml").get("strategies", []) if name != "single"]
        scores = [f"{name} {snapshot_score(task, name, BUNDLED)}" for name in strategies]
        assert others == (", ".join(scores) or "-"), task
