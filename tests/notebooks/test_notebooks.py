"""The notebooks: what is committed, and that they run."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.requirements import NEEDS_NBCLIENT

import pytest_hiddenlayer

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MACHINE_PATH = re.compile(r"(?<![\w.:/<])/(?:home|Users|root|tmp|var|private|opt|usr|mnt|work)/|[A-Z]:\\\\")
MAX_BYTES = 300_000


def code_cells(path: Path) -> list[dict[str, Any]]:
    """The code cells of a notebook."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def execute(folder: Path, *names: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """What `python notebooks/execute.py NAMES` prints in a folder; `before`: code that runs first."""
    script = str(folder / "notebooks" / "execute.py")
    run = f"runpy.run_path({script!r}, run_name='__main__')"
    code = f"import runpy, sys\nsys.argv = {[script, *names]!r}\n{before}\n{run}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder / "ipython")}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A project with the evals, and the script that executes notebooks."""
    shutil.copytree(ROOT / "evals", tmp_path / "evals")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "execute.py", tmp_path / "notebooks")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def test_they_are_numbered():
    """The notebooks that the page lists exist, in this order."""
    assert [path.stem[:2] for path in NOTEBOOKS][:6] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_committed(path):
    """Every code cell was executed in order, from the first, without error and without warning."""
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert len(outputs) >= len(cells) // 2
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_results_are_static_html(path):
    """Results show themselves as HTML without scripts, so that an untrusted notebook shows them too."""
    shown = ["".join(o.get("data", {}).get("text/html", "")) for cell in code_cells(path) for o in cell["outputs"]]
    assert any("<table" in html for html in shown)
    assert not [html for html in shown if "<script" in html]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_say_nothing_of_the_machine(path):
    """No path of a machine, no name of a kernel, and a small file."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("image/png", None)
    assert not MACHINE_PATH.findall(json.dumps(notebook, ensure_ascii=False))
    assert notebook["metadata"]["kernelspec"]["display_name"] == "Python 3"
    assert path.stat().st_size < MAX_BYTES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_use_public_names_only(path):
    """`hl.NAME` is in `__all__`, and nothing else of the package is imported."""
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in code_cells(path)))
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    imported += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name.startswith("pytest_hiddenlayer")] == ["pytest_hiddenlayer"]
    used = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and getattr(n.value, "id", "") == "hl"}
    assert used
    assert used <= set(pytest_hiddenlayer.__all__)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_provider_is_chosen_in_the_first_cell(path):
    """The first code cell is the switch, and it selects the bundled model."""
    first = "".join(code_cells(path)[0]["source"])
    assert first.startswith('PROVIDER = "mlx"')
    assert "MODEL = None" in first


def test_without_the_extra_one_sentence_says_what_to_install(copy):
    """The script ends with 1 and names the extra."""
    done = execute(copy, before="sys.modules['nbclient.exceptions'] = None")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "notebooks need nbclient, nbformat and ipykernel: pip install 'pytest-hiddenlayer[notebook]'\n"
    )


def test_a_notebook_that_raises_is_named_and_stays_as_it_is(copy):
    """The message has the error and the cell; a name that does not exist is answered with those that do."""
    pytest.importorskip("nbclient", reason=NEEDS_NBCLIENT)
    cell = {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": [], "source": "1/0"}
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    path = copy / "notebooks" / "bad.ipynb"
    path.write_text(text)
    done = execute(copy)
    assert done.returncode == 1
    assert "bad.ipynb: a cell raised ZeroDivisionError: division by zero; the file is unchanged. The cell:\n1/0" in (
        done.stderr
    )
    assert path.read_text() == text
    assert execute(copy, "good.ipynb").stderr == "no notebook good.ipynb in notebooks/; there are bad.ipynb\n"


def test_a_file_that_is_no_notebook_is_named(copy):
    """A torn file is one sentence, not a traceback."""
    pytest.importorskip("nbclient", reason=NEEDS_NBCLIENT)
    (copy / "notebooks" / "torn.ipynb").write_text('{"cells": [')
    done = execute(copy)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "torn.ipynb: not a notebook: it is no JSON of nbformat 4; restore the file\n"


def _kinds(cell):
    """The kinds of a cell's outputs; what it prints may come in any number of parts."""
    shown = [sorted(output["data"]) for output in cell["outputs"] if "data" in output]
    return shown, any(output["output_type"] == "stream" for output in cell["outputs"])


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_with_the_bundled_model(copy, path):
    """Executed in a copy of the project, every cell has its outputs again, of the same kinds."""
    pytest.importorskip("nbclient", reason=NEEDS_NBCLIENT)
    shutil.copy(path, copy / "notebooks")
    done = execute(copy, path.name)
    assert (done.returncode, done.stderr) == (0, "")
    executed = code_cells(copy / "notebooks" / path.name)
    for before, after in zip(code_cells(path), executed, strict=True):
        assert _kinds(before) == _kinds(after)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_with_another_provider(copy, path):
    """The switch selects any provider: here a model that repeats the question, and gives no log-probabilities."""
    pytest.importorskip("nbclient", reason=NEEDS_NBCLIENT)
    text = path.read_text(encoding="utf-8")
    switched = text.replace(r"PROVIDER = \"mlx\"", r"PROVIDER = \"scripted\"")
    assert switched != text
    (copy / "notebooks" / path.name).write_text(switched, encoding="utf-8")
    done = execute(copy, path.name)
    assert (done.returncode, done.stderr) == (0, "")
