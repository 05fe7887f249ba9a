"""The layers of docs/architecture.md hold: every import of every module is read, wherever it is written."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pytest_hiddenlayer"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "starters" not in path.parts)
APART = {"strategies", "scorers", "providers", "taskfile"}  # packages of one layer that do not import each other
PYTEST = {"pytest", "_pytest", "syrupy", "pytest_html", "xdist"}
HEAVY = {"yaml", "jinja2", "pydantic", "scipy", "rich", "mlx", "mlx_lm", "numpy", "pytest_html"}
HEAVY |= {"openai", "anthropic", "ollama", "httpx", "httpx2", "aiohttp", "genai_prices"}
HEAVY |= {"syrupy", "tokenizers", "transformers", "xdist", "matplotlib", "math_verify", "sympy"}
MAX_MODULES, MAX_LINES = 16, 300
ONE_EACH = {"cli"}  # one module per subcommand, however many there are


def documented_layers() -> dict[str, int]:
    """Top-level module or package → its layer, from the table of the document."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", text, flags=re.M)
    return {name: int(layer) for layer, names in rows for name in re.findall(r"`(\w+)`", names)}


LAYERS = documented_layers()


def name_of(path: Path) -> str:
    """`results.log.resume` for results/log/resume.py, `results` for its __init__.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, at_load: bool = False) -> Iterator[str]:
    """Full names of the modules that a file imports; `at_load`: outside functions and TYPE_CHECKING only."""
    nodes: list[ast.AST] = [_tree(path)]
    while nodes:
        node = nodes.pop()
        if at_load and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if at_load and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(path, node)
        nodes.extend(ast.iter_child_nodes(node))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _from(path: Path, node: ast.ImportFrom) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        parts = ["pytest_hiddenlayer", *path.relative_to(PACKAGE).parts][: -node.level]
        base = ".".join([*parts, *([base] if base else [])])
    for alias in node.names:
        folder = PACKAGE.parent / base.replace(".", "/")
        is_module = (folder / alias.name).with_suffix(".py").exists() or (folder / alias.name).is_dir()
        yield f"{base}.{alias.name}" if base.startswith("pytest_hiddenlayer") and is_module else base


def own(names: Iterator[str]) -> set[str]:
    """The imports of this package, without its name."""
    start = "pytest_hiddenlayer."
    return {name.removeprefix(start) for name in names if name.startswith(start)}


def loaded_with(name: str) -> set[str]:
    """Every module of the package that importing `name` executes, packages included."""
    loaded: set[str] = set()
    waiting = {name}
    while waiting:
        module = waiting.pop()
        loaded.add(module)
        parents = {".".join(module.split(".")[:depth]) for depth in range(1, module.count(".") + 1)}
        waiting |= (AT_LOAD[module] | parents) - loaded
    return loaded


AT_LOAD = {name_of(path): own(imports(path, at_load=True)) - {name_of(path)} for path in MODULES}
"""Module → modules of the package that it imports when it is loaded."""
ANYWHERE = {name_of(path): own(imports(path)) - {name_of(path)} for path in MODULES}
"""Module → modules of the package that it imports anywhere."""
INSIDE = [path for path in MODULES if name_of(path)]


@pytest.mark.parametrize("path", INSIDE, ids=name_of)
def test_imports_point_down(path):
    """A module imports from its own layer or from a lower one."""
    layer = LAYERS[name_of(path).split(".")[0]]
    assert not {name for name in own(imports(path)) if LAYERS[name.split(".")[0]] > layer}


def test_there_is_no_cycle():
    """No module imports itself by a detour, imports inside functions and under TYPE_CHECKING included."""
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join([*path, name])
        if name not in done:
            for other in sorted(ANYWHERE[name]):
                walk(other, (*path, name))
            done.add(name)

    for name in ANYWHERE:
        walk(name, ())


def test_nobody_imports_the_package_itself():
    """Modules import each other, never the names that `pytest_hiddenlayer` hands out."""
    assert not [name_of(path) for path in INSIDE if "pytest_hiddenlayer" in set(imports(path))]


def test_the_table_names_what_exists():
    """Every module and package at the top is in the table, and nothing else."""
    assert set(LAYERS) == {name_of(path).split(".")[0] for path in INSIDE}


@pytest.mark.parametrize("path", [p for p in MODULES if name_of(p).split(".")[0] in APART], ids=name_of)
def test_packages_of_one_layer_stay_apart(path):
    """Strategies, scorers, providers and task files do not import each other."""
    package = name_of(path).split(".")[0]
    assert not {name for name in own(imports(path)) if name.split(".")[0] in APART - {package}}


@pytest.mark.parametrize("path", [p for p in MODULES if "plugin" not in p.parts], ids=name_of)
def test_only_the_plugin_imports_pytest(path):
    """No module outside plugin/ imports pytest or one of its plugins."""
    assert not {name for name in imports(path) if name.split(".")[0] in PYTEST}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_provider_imports_its_sdk(path):
    """Only the mlx provider's own modules, probes and fine-tuning import mlx."""
    if not name_of(path).startswith(("providers.mlx", "probes", "finetuning")):
        assert not {name for name in imports(path) if name.split(".")[0] in {"mlx", "mlx_lm"}}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_file_is_long(path):
    """A file of more than 300 lines holds several ideas."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize(
    "folder", sorted({p.parent for p in MODULES if p.parent.name not in ONE_EACH}), ids=lambda path: path.name
)
def test_no_package_is_large(folder):
    """A package of many modules is several packages."""
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MAX_MODULES


def test_importing_the_package_loads_nothing_else():
    """`import pytest_hiddenlayer` loads its version only: public names are imported on first use."""
    assert loaded_with("") == {"", "version"}


@pytest.mark.parametrize("name", sorted(loaded_with("plugin")))
def test_what_loads_with_the_plugin_imports_nothing_heavy(name):
    """A module that loads with the plugin imports heavy packages in the function that uses them."""
    (path,) = (p for p in MODULES if name_of(p) == name)
    assert not {n for n in imports(path, at_load=True) if n.split(".")[0] in HEAVY}


def test_loading_the_plugin_imports_nothing_heavy():
    """After importing the plugin, no heavy package is loaded that pytest and its plugins did not load."""
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_hiddenlayer.plugin; "
        f"print(sorted({HEAVY!r} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_collecting_evals_imports_no_statistics():
    """A session is planned without numpy and `stats/`: they are imported when something is compared."""
    code = (
        "import sys, pytest_hiddenlayer.session.session; "
        "print([m for m in sys.modules if m.split('.')[0] == 'numpy' or m.startswith('pytest_hiddenlayer.stats')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
