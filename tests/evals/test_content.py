"""Our own evals: no sample was in the bundled model's training text, and the data can be made again."""

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
    """The hold-out rule of nano-1; training/ is in no wheel, so it is imported from the folder above."""
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
    """The samples of a task file under our own field names, read without the package under test."""
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
    renamed = {theirs: ours for ours, theirs in task.get("fields", {}).items()}
    return [{renamed.get(key, key): value for key, value in row.items()} for row in rows]


def prompts() -> Iterator[tuple[str, str, str]]:
    """(task, sample id, rendered prompt) of all samples."""
    for path in TASKS:
        template = ENVIRONMENT.from_string(task_of(path).get("prompt", "{{ input }}"))
        for row in rows_of(path):
            yield path.stem, row["id"], template.render(**row)


def expression_of(question: str) -> str:
    """The sum in `What is 37+58?`, `Compute 37+58.` or `37+58`."""
    found = re.search(r"\d+[-+*]\d+", question)
    assert found, question
    return found[0]


def value_of(expression: str) -> int:
    left, sign, right = re.split(r"([-+*])", expression)
    return {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}[sign](int(left), int(right))


def debate_samples() -> dict[str, int]:
    return {p.stem: len(rows_of(p)) for p in TASKS if "debate" in task_of(p).get("strategies", [])}


def test_no_prompt_was_in_the_training_text(holdout: Any) -> None:
    """nano-1 has never read any prompt of our evals."""
    assert [(task, id) for task, id, prompt in prompts() if holdout.could_be_trained(prompt)] == []


def test_targets_are_right() -> None:
    """Sums, comparisons, orders and majorities have the answer that Python computes."""
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
        (first, most), *others = Counter(row["input"].split(", ")).most_common()
        assert row["target"] == first, row["id"]
        assert all(count < most for _, count in others), row["id"]


def read_sum(text: str) -> int:
    """The value of the one product or chain of sums in a question, left to right."""
    signs = text.replace(" plus ", "+").replace(" minus ", "-").replace(" times ", "*")
    if product := re.search(r"(\d+) ?\* ?(\d+)", signs):
        return int(product[1]) * int(product[2])
    (found,) = re.findall(r"\d+(?: ?[-+] ?\d+)+", signs)
    return sum(int(number) for number in re.findall(r"-?\d+", found.replace(" ", "")))


def read_story(text: str) -> int:
    """What is left after the three steps of a problem, whatever else it tells."""
    bought = re.search(r"has (\d+) \w+, buys (\d+), gives \w+ (\d+) and finds (\d+)\.", text)
    shop = r"A shop has (\d+) .*?(\d+) arrive, (\d+) are sold, and (\d+) more arrive\."
    found = bought or re.search(shop, text)
    assert found, text
    first, gained, lost, found_later = map(int, found.groups())
    return first + gained - lost + found_later


def read_cell(text: str) -> str:
    """The cell that is asked for, of a table in any of its four notations."""
    city = "[A-Z][a-z]+"
    people = [
        *re.findall(rf"^(\w+),(\d+),({city}),(\d+)$", text, re.M),
        *re.findall(rf"^(\w+) \| (\d+) \| ({city}) \| (\d+)$", text, re.M),
        *re.findall(rf"^(\w+): age (\d+), city ({city}), score (\d+)$", text, re.M),
        *re.findall(rf"(\w+) is (\d+), lives in ({city}) and has (\d+) points\.", text),
    ]
    asked = next(line for line in text.split("\n") if line.endswith("?"))
    assert people, text
    if "oldest" in asked:
        return str(max(people, key=lambda row: int(row[1]))[0])
    named = [row for row in people if re.search(rf"\b{row[0]}\b", asked)]
    if named:
        (row,) = named
        return str(row[1 if re.search(r"old|age", asked) else 2 if re.search(r"city|live", asked) else 3])
    (row,) = [row for row in people if set(row[1:]) & set(re.findall(r"\w+", asked))]
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
def test_targets_are_what_an_independent_reader_finds(task: str, read: Callable[[str], int | str]) -> None:
    """The targets that nano-2's generator gave are those that the text says."""
    rows = rows_of(EVALS / f"{task}.yaml")
    assert [(row["id"], str(read(row["input"]))) for row in rows] == [(row["id"], row["target"]) for row in rows]


def test_sums_are_no_steps_of_trained_word_problems(holdout: Any) -> None:
    """A held-out sum or difference does not come back as a step that nano-1 saw written out."""
    seen = []
    for path in TASKS:
        for row in rows_of(path) if path.stem in ARITHMETIC else ():
            expression = expression_of(row["input"])
            if "*" not in expression and holdout.is_step(expression):
                seen.append((path.stem, row["id"]))
    assert seen == []


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
    """The rule tells a prompt of the training text from a new one."""
    assert holdout.could_be_trained(prompt) is trained


def test_no_sample_twice() -> None:
    """No prompt stands twice, in one task or in two."""
    all_prompts = [prompt for _, _, prompt in prompts()]
    assert len(set(all_prompts)) == len(all_prompts)


def test_ids_are_unique_and_name_their_problem() -> None:
    """Every id is its own in its task, readable, and no row number."""
    for path in TASKS:
        ids = [row["id"] for row in rows_of(path)]
        assert len(set(ids)) == len(ids), path.name
        assert all(not id.isdigit() and "::" not in id and " " not in id for id in ids), path.name


def test_data_files_are_what_the_script_writes(tmp_path: Path) -> None:
    """Running training/make_evals.py again gives the committed bytes."""
    subprocess.run([sys.executable, "-m", "training.make_evals", tmp_path], check=True, cwd=ROOT)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {name: (EVALS / name).read_bytes() for name in made}
    committed = {path.name for path in EVALS.iterdir() if path.suffix in (".jsonl", ".json", ".csv")}
    assert set(made) == committed


def test_there_is_enough_to_measure() -> None:
    """At least eight tasks, 250 samples, and 60 debates over three tasks."""
    debates = debate_samples()
    assert len(TASKS) >= 8
    assert sum(len(rows_of(path)) for path in TASKS) >= 250
    assert len(debates) >= 3
    assert 60 <= sum(debates.values()) <= 125  # about a minute


def test_must_pass_is_rare() -> None:
    """At most three samples of a task must pass, and only a few tasks have any."""
    counts = {path.stem: sum(bool(row.get("must_pass")) for row in rows_of(path)) for path in TASKS}
    with_any = [count for count in counts.values() if count]
    assert len(with_any) == 2
    assert max(with_any) <= 3


def readme_rows() -> list[list[str]]:
    """Task, what it asks, n, scorer, single of both models, other strategies: the table in evals/README.md."""
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


def test_readme_says_what_the_snapshots_say() -> None:
    """Every score in the table is that of a committed snapshot, of the old model and the bundled one."""
    for task, _, _, _, old, new, others in readme_rows():
        assert old == snapshot_score(task, "single", "nano-1"), task
        assert new == snapshot_score(task, "single", BUNDLED), task
        strategies = [name for name in task_of(EVALS / f"{task}.yaml").get("strategies", []) if name != "single"]
        said = [f"{name} {snapshot_score(task, name, BUNDLED)}" for name in strategies]
        assert others == (", ".join(said) or "-"), task
