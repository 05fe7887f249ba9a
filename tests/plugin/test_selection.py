"""Which items run."""

from __future__ import annotations

import pytest
from support.folder import ids


def test_k_selects_a_strategy(sums):
    """-k selects the samples and the gate of one strategy; the other cell is not in the output."""
    sums.task(strategies=["single", "self_consistency"])
    result = sums.run("-k", "self_consistency", "--co", "-q")
    assert len(ids(result)) == 4
    assert all("[self_consistency-" in line for line in ids(result))


def test_deselected_cell_is_not_in_the_table(sums):
    """A cell of which nothing is selected has no row in the table and no gate."""
    sums.task(strategies=["single", "self_consistency"])
    result = sums.run("-k", "single")
    result.assert_outcomes(passed=3, skipped=1, deselected=4)
    assert "self_consistency" not in result.stdout.str()


def test_tag_is_a_marker(sums, workers):
    """-m selects by a task's tag, and --strict-markers accepts the tag."""
    sums.task("tagged", n=1, tags=["reasoning"])
    result = sums.run("-m", "reasoning", "--strict-markers", "--hl-gate=off", *workers)
    result.stdout.fnmatch_lines(["PASSED evals/tagged.yaml::s0*"])
    assert result.parseoutcomes()["passed"] == 1
    assert result.ret == 0


def test_collect_only_builds_and_writes_nothing(sums):
    """--co builds no provider, calls no model and writes no file."""
    sums.write("conftest.py", BROKEN)
    before = sums.files()
    result = sums.run("--co", "-q", provider="broken")
    assert len(ids(result)) == 4
    assert result.ret == 0
    assert "BUILT" not in result.stdout.str() + result.stderr.str()
    assert sums.files() == before


BROKEN = """
import pytest_hiddenlayer


@pytest_hiddenlayer.provider("broken")
class Broken:
    def __init__(self, model=None):
        print("BUILT")
        raise RuntimeError("BUILT")
"""


def test_x_makes_no_call_after_the_first_failure(sums):
    """With -x no call is made after the first failure, and the exit status is 1."""
    sums.replies(wrong=[0])
    result = sums.run("-x", "--hl-strict")
    assert result.ret == 1
    assert [record["sample_id"] for record in sums.records()] == ["s0"]


def test_limit(sums, workers):
    """--limit N takes the first N samples of each task; the gate says partial."""
    sums.task("more", n=2, threshold=1.0)
    result = sums.run("--limit", "1", "-rA", *workers)
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(["*partial 1 of 2*"])


def test_eval_paths_default(sums):
    """Without a path on the command line the task files below evals/ are collected, and no others."""
    sums.write("other/else.yaml", (sums.path / "evals/sums.yaml").read_text().replace("sums", "else"))
    found = ids(sums.plain("--co", "-q"))
    assert len(found) == 4
    assert all(line.startswith("evals/sums.yaml") for line in found)


def test_eval_paths_ini(sums):
    """With the ini option eval_paths, task files of these folders are collected."""
    sums.write("quality/more.yaml", (sums.path / "evals/sums.yaml").read_text().replace("sums", "more"))
    sums.write("pytest.ini", "[pytest]\neval_paths = quality\n")
    assert {line.split("::")[0] for line in ids(sums.plain("--co", "-q"))} == {"quality/more.yaml"}


def test_path_on_the_command_line(sums):
    """A task file in any folder is collected if it is named."""
    sums.write("far/more.yml", (sums.path / "evals/sums.yaml").read_text().replace("sums", "more"))
    assert {line.split("::")[0] for line in ids(sums.plain("--co", "-q", "far/more.yml"))} == {"far/more.yml"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data.json", '{"a": 1}'),
        ("list.json", '[{"task": "x"}]'),
        ("config.yaml", "name: x\nsettings: {task: y}\n"),
        ("broken.json", "{"),
        ("empty.yaml", ""),
        ("rows.jsonl", '{"task": 1}'),
    ],
)
def test_other_files_are_not_collected(sums, name, text):
    """YAML and JSON files without a top-level task key are not collected."""
    sums.write(f"evals/{name}", text)
    result = sums.run("--co", "-q")
    assert result.ret == 0
    assert len(ids(result)) == 4


def test_foreign_harness(sums):
    """An lm-evaluation-harness file is an error that says so and what to write instead."""
    sums.write("evals/gsm.yaml", "task: gsm\ndataset_path: gsm8k\noutput_type: generate_until\ndoc_to_text: x\n")
    result = sums.run()
    result.stdout.fnmatch_lines(["*evals/gsm.yaml*lm-evaluation-harness task*"])
    result.assert_outcomes(passed=3, skipped=1, errors=1)


def test_k_selects_a_task_by_its_name(sums):
    """-k matches the name of the task, which the table shows, also if the file has another name."""
    text = (sums.path / "evals" / "sums.yaml").read_text(encoding="utf-8").replace('task: "sums"', "task: mysums")
    sums.write("evals/other.yaml", text)
    result = sums.run("-k", "mysums", "--co", "-q")
    assert len(ids(result)) == 4
    assert all(line.startswith("evals/other.yaml::") for line in ids(result))


def test_gates_without_any_sample_fail(sums, workers):
    """-k gate selects gates without their samples: nothing is measured, the reason is shown, exit status 1."""
    result = sums.run("-k", "gate", *workers)
    result.assert_outcomes(skipped=1, deselected=None if workers else 3)
    assert "no sample of this cell was selected" in result.stdout.str()
    assert result.ret == 1


def test_conftest_may_read_what_functions_have(sums):
    """Every item has the attributes of a test function, so that hooks of a conftest read them without a check."""
    sums.write(
        "conftest.py",
        "import pytest\n\n\ndef pytest_collection_modifyitems(items):\n    for item in items:\n"
        "        assert callable(item.function) and callable(item.obj)\n"
        "        assert item.module.__name__ == 'sums' and item.cls is None and item.instance is None\n"
        "        assert isinstance(item.fixturenames, list) and isinstance(item.funcargs, dict)\n"
        "        assert item.originalname is not None and item.function.__name__\n",
    )
    sums.run().assert_outcomes(passed=3, skipped=1)


def test_skipped_items_are_not_run(sums):
    """A conftest may mark items to skip, and the others run."""
    sums.write(
        "conftest.py",
        "import pytest\n\n\ndef pytest_collection_modifyitems(items):\n"
        "    items[0].add_marker(pytest.mark.skip(reason='not today'))\n",
    )
    result = sums.run("--hl-gate=off")
    result.assert_outcomes(passed=2, skipped=1)
    assert "not today" in result.stdout.str()


def test_foreign_fixture_of_the_same_name_is_named(sums):
    """A user's fixture `sample` that is no Sample is an error of the item with the fixture's file and line."""
    sums.write("conftest.py", "import pytest\n\n\n@pytest.fixture\ndef sample():\n    return {'size': 3}\n")
    result = sums.run("-k", "s0")
    result.stdout.fnmatch_lines(
        ["*fixture 'sample' (*conftest.py:*) returns a dict, but evals need a Sample: *Rename it*"]
    )
    result.assert_outcomes(errors=1, deselected=3)


def test_the_order_of_the_items_changes_no_list(sums):
    """Whatever order another plugin gives the items, the samples of a change are listed in the task's order."""
    sums.run("--snapshot-update")
    sums.replies(wrong=(0, 1, 2))
    sums.write("conftest.py", "def pytest_collection_modifyitems(items):\n    items[:] = items[::-1]\n")
    result = sums.run()
    result.stdout.fnmatch_lines(["*newly wrong: s0, s1, s2*"])
