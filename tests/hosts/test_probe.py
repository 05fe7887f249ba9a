"""What runs on a host: it needs nothing but an old Python, and writes nothing."""

from __future__ import annotations

import ast
import inspect
import sys

from pytest_hiddenlayer.hosts import probe
from pytest_hiddenlayer.hosts.needs import files_need
from pytest_hiddenlayer.hosts.project_files import compared_files


def test_it_is_written_for_python_3_8_and_the_standard_library():
    """A host with an old Python, or without this package, can say so."""
    tree = ast.parse(inspect.getsource(probe), feature_version=(3, 8))
    imported = {alias.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    imported |= {(n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]


def test_it_opens_no_file_for_writing():
    """Every `open` of it reads."""
    tree = ast.parse(inspect.getsource(probe))
    opened = [
        n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "open"
    ]
    modes = {call.args[1].value if len(call.args) > 1 else "r" for call in opened}
    assert opened
    assert modes <= {"r", "rb"}


def test_the_hub_cache_is_found_where_the_hub_puts_it(tmp_path, monkeypatch):
    """The revision of `main` and the files of its snapshot; nothing if the download did not finish."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert probe.model(["hub", "owner/name"]) is None
    (tmp_path / "models--owner--name" / "refs").mkdir(parents=True)
    (tmp_path / "models--owner--name" / "refs" / "main").write_text("abc")
    assert probe.model(["hub", "owner/name"]) is None
    snapshot = tmp_path / "models--owner--name" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").write_bytes(b"weights")
    found = probe.model(["hub", "owner/name"])
    assert (found["revision"], found["model.safetensors"][0]) == ("abc", 7)


def test_the_files_of_a_project_are_those_that_change_answers(folder):
    """Runs, snapshots, documents and secrets do not count; conftest.py and ini files above the paths do."""
    names = ["evals/a.yaml", "evals/data/a.jsonl", "other/b.yaml", "conftest.py", "pytest.ini", "README.md"]
    for name in [
        *names,
        "reports/runs/x/run.json",
        "snapshots/a/x.json",
        ".venv/lib.py",
        ".env",
        "evals/__pycache__/c.pyc",
    ]:
        folder.write(name, "x")
    root, reports = folder.path, folder.path / "reports"
    assert compared_files(root, reports=reports) == sorted(set(names) - {"README.md"})
    assert compared_files(root, [root / "evals"], reports=reports) == [
        "conftest.py",
        "evals/a.yaml",
        "evals/data/a.jsonl",
        "pytest.ini",
    ]
    need = files_need(root, [root / "evals"], reports=reports)
    assert (need.folders, need.total_bytes) == (("evals",), 4)
