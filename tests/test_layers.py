"""The house's floors, held by parsing the imports of every module."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pytest_hiddenlayer"
FLOORS = {
    "": 9,  # the package itself: it names what it hands out
    "errors": 1,
    "types": 2,
    "registry": 2,
    "stats": 2,
    "taskfile": 3,
    "models": 3,
    "strategies": 3,
    "scorers": 3,
    "providers": 3,
    "engine": 4,
    "results": 5,
    "report": 6,
    "api": 7,
    "plugin": 8,
    "commands": 8,
    "cli": 9,
}
APART = {"strategies", "scorers", "providers", "taskfile"}  # rooms of floor 3 that never look into each other
SHARED = {  # modules of a room that its others may use
    "strategies": {"models", "together", "vote"},
    "scorers": {
        "adapt",
        "cohesion",
        "extract",
        "families",
        "fields",
        "judging",
        "jury",
        "letters",
        "math_process",
        "math_worker",
        "number",
        "numerals",
        "opinion",
        "pairwise",
        "params",
        "prompt",
        "reading",
        "rubric",
        "scale",
        "sentences",
        "verdict",
        "weighted",
        "words",
    },
    "providers": {
        "batch_anthropic",
        "batch_openai",
        "batching",
        "client",
        "faults",
        "mlx_batch",
        "mlx_blas",
        "mlx_jobs",
        "mlx_load",
        "mlx_prefix",
        "mlx_random",
        "mlx_sampling",
        "ollama_server",
        "openai_server",
        "remote",
        "streamed",
        "told",
        "transport",
    },
}
HEAVY = {"yaml", "jinja2", "pydantic", "scipy", "rich", "mlx", "mlx_lm", "numpy", "pytest_html"}
HEAVY |= {"openai", "anthropic", "ollama", "httpx", "httpx2", "aiohttp", "genai_prices"}
HEAVY |= {"syrupy", "tokenizers", "transformers", "xdist", "matplotlib", "math_verify", "sympy"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "starters" not in path.parts)


def name_of(path: Path) -> str:
    """`results.gate` for results/gate.py, `results` for its __init__.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, at_load: bool = False) -> Iterator[str]:
    """Full names of the modules a file imports; with `at_load` only those outside functions and TYPE_CHECKING."""
    nodes: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
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


def _from(path: Path, node: ast.ImportFrom) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        parts = ["pytest_hiddenlayer", *path.relative_to(PACKAGE).parts][: -node.level]
        base = ".".join([*parts, *([base] if base else [])])
    for alias in node.names:
        inside = PACKAGE.parent / base.replace(".", "/")
        below = (inside / alias.name).with_suffix(".py").exists() or (inside / alias.name).is_dir()
        yield f"{base}.{alias.name}" if base.startswith("pytest_hiddenlayer") and below else base


def own(names: Iterator[str]) -> set[str]:
    """Those of our package, without its name."""
    start = "pytest_hiddenlayer."
    return {name.removeprefix(start) for name in names if name.startswith(start)}


def loaded_with(name: str) -> set[str]:
    """Every module of ours that importing `name` executes, packages included."""
    found: set[str] = set()
    waiting = {name}
    while waiting:
        now = waiting.pop()
        found.add(now)
        parents = {".".join(now.split(".")[:depth]) for depth in range(1, now.count(".") + 1)}
        waiting |= (GRAPH[now] | parents) - found
    return found


GRAPH = {name_of(path): own(imports(path, at_load=True)) - {name_of(path)} for path in MODULES}
"""Module → modules of ours that it imports when it is loaded."""


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path):
    """A module imports from its own floor or from below."""
    floor = FLOORS[name_of(path).split(".")[0]]
    above = {name for name in own(imports(path)) if FLOORS[name.split(".")[0]] > floor}
    assert not above


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_has_a_floor(path):
    """A new module or package at the top of the house is given a floor here."""
    assert name_of(path).split(".")[0] in FLOORS


@pytest.mark.parametrize("name", ["errors", "types"])
def test_errors_and_nouns_stand_alone(name):
    """The error tree and the nouns import no module of ours at all."""
    assert not own(imports(PACKAGE / f"{name}.py"))


def test_the_package_itself_imports_nothing_of_ours():
    """`import pytest_hiddenlayer` brings no module: its names come in when they are first used."""
    assert not own(imports(PACKAGE / "__init__.py", at_load=True))


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name in APART], ids=name_of)
def test_rooms_of_one_floor_stay_apart(path):
    """Strategies, scorers and providers know the nouns, never each other's rooms."""
    room = path.parent.name
    assert not {name for name in own(imports(path)) if name.split(".")[0] in APART - {room}}


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name in SHARED], ids=name_of)
def test_one_of_a_kind_never_imports_another(path):
    """One strategy, scorer or provider never imports another; what they share has a module of its own."""
    room = path.parent.name
    others = {n.split(".")[1] for n in own(imports(path)) if n.startswith(f"{room}.")}
    assert others <= SHARED[room]


@pytest.mark.parametrize("path", [p for p in MODULES if "plugin" not in p.parts], ids=name_of)
def test_only_the_plugin_knows_pytest(path):
    """No module outside plugin/ imports pytest or one of its plugins."""
    assert not {
        n for n in imports(path) if n.split(".")[0] in {"pytest", "_pytest", "syrupy", "pytest_html", "xdist"}
    }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_provider_knows_its_sdk(path):
    """Nothing but the mlx provider's own modules imports mlx."""
    if path.parent.name == "providers" and path.name.startswith("mlx"):
        return
    assert not {name for name in imports(path) if name.split(".")[0] in {"mlx", "mlx_lm"}}


def test_no_circle():
    """No module imports itself by a detour, whatever is imported inside functions left aside."""
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join([*path, name])
        if name not in done:
            for other in GRAPH[name]:
                walk(other, (*path, name))
            done.add(name)

    for name in GRAPH:
        walk(name, ())


@pytest.mark.parametrize("name", sorted(loaded_with("plugin")))
def test_what_loads_with_the_plugin_imports_nothing_heavy(name):
    """A module that comes in with the plugin imports heavy packages in the function that uses them."""
    (path,) = (p for p in MODULES if name_of(p) == name)
    assert not {n for n in imports(path, at_load=True) if n.split(".")[0] in HEAVY}


def test_loading_the_plugin_imports_nothing_heavy():
    """After importing the plugin, no heavy package is there that pytest and its plugins did not bring."""
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_hiddenlayer.plugin; "
        f"print(sorted({HEAVY!r} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
