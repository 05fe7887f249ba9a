"""Ids of items."""

from __future__ import annotations

import pytest
from support.folder import Folder, ids

AWKWARD = ["plain", "a/b", "a:b", "x[1]", "with space", "Grüße", "a-b_c.d", "7", "it's", "[x]", "a,b=c"]


def task_of(names):
    return {"samples": [{"id": name, "input": f"{name} q0.", "target": "a0"} for name in names]}


@pytest.fixture(scope="module")
def awkward(shared):
    """A folder with sample ids of special characters, and the output of --co."""
    shared.task(**task_of(AWKWARD))
    shared.replies()
    return shared, ids(shared.run("--co", "-q", "--hl-gate=off"))


def test_form(sums):
    """An id is file::sample[strategy-provider:model], and a gate's file::gate[strategy-provider:model]."""
    assert ids(sums.run("--co", "-q")) == [
        *(f"evals/sums.yaml::s{i}[single-scripted:replies.json]" for i in range(3)),
        "evals/sums.yaml::gate[single-scripted:replies.json]",
    ]


@pytest.mark.parametrize(
    ("options", "params"),
    [
        ([], "single-mlx"),
        (["--provider", "scripted"], "single-scripted"),
        (["--model", "mlx-community/Llama-3.2-3B"], "single-mlx:llama-3.2-3b"),
        (["--provider", "scripted:some/Where/My Model+1"], "single-scripted:my-model-1"),
        (["--strategy", "self_consistency:n_samples=9"], "self_consistency.n_samples=9-mlx"),
        (["--strategy", "debate:n_agents=3"], "debate-mlx"),
    ],
)
def test_brackets(folder, options, params):
    """The brackets contain the model if it was named, and a parameter if it differs from its default."""
    folder.task(n=1)
    options = options if "--provider" in options else [*options, "--provider", "mlx"]
    assert ids(folder.run("--co", "-q", "--hl-gate=off", *options, provider=None)) == [
        f"evals/sums.yaml::s0[{params}]"
    ]


def test_epochs(folder):
    """Epochs beyond the first add #2, #3."""
    folder.task(n=1)
    found = ids(folder.run("--co", "-q", "--hl-gate=off", "--epochs", "3", provider="scripted"))
    assert [line.partition("[")[2] for line in found] == [
        "single-scripted]",
        "single-scripted#2]",
        "single-scripted#3]",
    ]


def test_models_that_share_a_slug(folder):
    """Two models with the same slug are distinguished by 6 hex digits of a hash of their full names."""
    folder.task(n=1)
    result = folder.run(
        "--co", "-q", "--hl-gate=off", "--provider", "scripted:a/M", "--provider", "scripted:b/m", provider=None
    )
    found = ids(result)
    assert len(set(found)) == 2
    result.stdout.re_match_lines([r"evals/sums.yaml::s0\[single-scripted:m-[0-9a-f]{6}\]"] * 2)


def test_every_id_selects_its_item(awkward):
    """Every printed id, given as an argument, selects its item; all ids together select all items."""
    folder, found = awkward
    assert len(set(found)) == len(AWKWARD)
    result = folder.run("--co", "-q", "--hl-gate=off", *found)
    assert ids(result) == found


@pytest.mark.parametrize("at", [1, 2, 3, 4, 9])
def test_one_id_selects_one_item(awkward, at):
    """An id with a slash, colon, bracket or space selects exactly its item."""
    folder, found = awkward
    assert ids(folder.run("--co", "-q", "--hl-gate=off", found[at])) == [found[at]]


def test_gate_id_selects_its_gate(sums):
    """A gate's id selects only the gate."""
    gate = "evals/sums.yaml::gate[single-scripted:replies.json]"
    assert ids(sums.run("--co", "-q", gate)) == [gate]


@pytest.mark.slow
def test_last_failed_selects_exactly_the_failed(folder, workers):
    """--lf selects exactly the items that failed, with any characters in their ids."""
    folder.task(**task_of(AWKWARD))
    wrong = ["a/b", "a:b", "x[1]", "[x]", "with space"]
    rules = [{"contains": f"{name} q0.", "reply": "no"} for name in wrong]
    folder.write("replies.json", {"rules": rules, "default": "a0"})
    folder.run("--hl-strict", "--hl-gate=off", *workers)
    result = folder.run("--hl-strict", "--hl-gate=off", "--lf", *workers)
    result.assert_outcomes(failed=len(wrong))


def test_inserting_a_sample_renames_no_other(folder: Folder):
    """A new sample in the middle of a task changes no other id."""
    folder.task(**task_of(["one", "two"]))
    before = ids(folder.run("--co", "-q", provider="scripted"))
    folder.task(**task_of(["one", "new", "two"]))
    after = ids(folder.run("--co", "-q", provider="scripted"))
    assert [line for line in after if "::new[" not in line] == before


def test_ids_that_would_clash_are_refused(folder):
    """Two samples, or a sample and the gate, that would have one item are an error that names both."""
    folder.replies()
    folder.task("brackets", samples=[{"id": i, "input": "q0.", "target": "a0"} for i in ("x[1]", "x(1)")])
    folder.task("gated", samples=[{"id": "gate", "input": "q0.", "target": "a0"}])
    result = folder.run()
    result.stdout.fnmatch_lines(["*sample 'x(1)' would have the same item as sample 'x?1?': rename the sample"])
    result.stdout.fnmatch_lines(
        ["*sample 'gate' would have the same item as the gate of its cell: rename the sample"]
    )
    result.assert_outcomes(errors=2)
