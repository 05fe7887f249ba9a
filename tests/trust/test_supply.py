"""What the package consists of: few dependencies with safe lower bounds, builds that come out equal, no surprises."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pytest_hiddenlayer"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FIXED_IN = {
    "aiohttp": ("3.13.3", "CVE-2025-69223: a small compressed body fills the memory"),
    "jinja2": ("3.1.6", "CVE-2025-27516: a template leaves the sandbox by `|attr`"),
    "pyarrow": ("23.0.1", "CVE-2026-25087: use after free in the reader of IPC files"),
    "pydantic": ("2.4.0", "CVE-2024-3772: a regular expression that takes exponential time"),
    "pytest": ("9.0.3", "CVE-2025-71176: other users can foresee the name of the temporary folder"),
    "pyyaml": ("5.4", "CVE-2020-14343: code in YAML"),
    "ray": ("2.52.0", "CVE-2025-62593: a web page runs code through the dashboard"),
    "torch": ("2.6.0", "CVE-2025-32434: code in a file of weights"),
}
"""Package → the first version without a vulnerability that was reported for it, and which one."""
WITH_ANOTHER = {"execnet", "httpx", "httpx2", "huggingface-hub", "markupsafe", "multidict", "pillow", "pydantic-core"}
WITH_ANOTHER |= {"sympy", "yarl"}
"""Packages that are imported and come with another one."""

NOT_BY_NAME = {"mlflow": "mlflow-skinny"}
"""Module → package, of those that may not be installed."""


def declared() -> dict[str, Requirement]:
    """Every requirement of the package and of its extras except development's, by normal name."""
    extras = PROJECT["optional-dependencies"]
    texts = [*PROJECT["dependencies"], *(text for name in extras if name != "dev" for text in extras[name])]
    found = [Requirement(text) for text in texts]
    return {canonicalize_name(one.name): one for one in found if one.name != PROJECT["name"]}


@cache
def imported() -> dict[str, str]:
    """Top-level module → a file that imports it, of all modules that are neither ours nor of the standard library."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in names:
                found.setdefault(name.partition(".")[0], str(path.relative_to(ROOT)))
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names | {PACKAGE.name}}


@pytest.mark.slow
def test_every_import_is_declared():
    """What the package imports is in pyproject.toml, or comes with something that is."""
    names, packages = {*declared(), *WITH_ANOTHER}, packages_distributions()
    for module, path in imported().items():
        owners = {canonicalize_name(owner) for owner in packages.get(module, [NOT_BY_NAME.get(module, module)])}
        assert owners & names, f"{path} imports {module}, of {', '.join(sorted(owners))}"


@pytest.mark.slow
def test_every_requirement_is_used():
    """What pip installs is imported, but for a plugin of pytest, a database's parts, and tools of two extras."""
    packages, left = packages_distributions(), {"pytest-html", "sqlalchemy", "alembic"}
    for name in ("docs", "notebook", "train"):
        left |= {canonicalize_name(Requirement(text).name) for text in PROJECT["optional-dependencies"][name]}
    used = {
        canonicalize_name(owner)
        for module in imported()
        for owner in packages.get(module, [NOT_BY_NAME.get(module, module)])
    }
    assert set(declared()) - used - left == set()


@pytest.mark.parametrize("name", sorted(FIXED_IN))
def test_lower_bounds_are_safe(name: str):
    """The lowest version that pip may choose has none of the known vulnerabilities."""
    requirement = declared()[name]
    fixed, why = FIXED_IN[name]
    (lowest,) = (Version(one.version) for one in requirement.specifier if one.operator == ">=")
    assert lowest >= Version(fixed), why


def test_every_requirement_has_a_lower_bound():
    """Every requirement says which version is old enough; without one, pip may choose any."""
    for name, requirement in declared().items():
        assert any(one.operator == ">=" for one in requirement.specifier), name


def test_the_pins_are_within_the_bounds():
    """constraints.txt pins exact versions that pyproject.toml allows, and names no address."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "@" not in text
    pins = {
        canonicalize_name(line.partition("==")[0]): line.partition("==")[2]
        for line in text.splitlines()
        if line and not line.startswith("#")
    }
    assert all(pins.values()), [name for name, version in pins.items() if not version]
    for name, requirement in declared().items():
        if name in pins:
            assert requirement.specifier.contains(pins[name], prereleases=True), name


def test_actions_of_the_workflows_are_pinned():
    """Our own workflows name actions by commit: a tag can be moved to other code."""
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        for action in re.findall(r"^\s*-?\s*uses: (\S+)", path.read_text(encoding="utf-8"), flags=re.M):
            assert re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40}", action), f"{path.name}: {action}"


def test_only_pytest_loads_the_package_by_itself():
    """The package registers pytest's plugin, the command, and its own kinds; nothing runs when Python starts."""
    assert set(PROJECT["scripts"]) == {"hiddenlayer"}
    groups = PROJECT["entry-points"]
    assert set(groups) == {
        "pytest11",
        *(f"hiddenlayer.{kind}" for kind in ("providers", "strategies", "scorers", "tools")),
    }
    assert not [path for path in ROOT.glob("pytest_hiddenlayer/**/*.pth") if "starters" not in path.parts]


def test_a_bill_of_materials_depends_on_the_packages_only():
    """Whatever the order in which tools list the packages, `make sbom` writes the same bytes."""
    spec = importlib.util.spec_from_file_location("sbom", ROOT / "supply" / "sbom.py")
    assert spec is not None
    assert spec.loader is not None
    sbom = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    spec.loader.exec_module(sbom)
    sys.path[:] = path
    packages = [{"name": name, "purl": f"pkg:pypi/{name}@1"} for name in ("b", "a", "c")]
    document = sbom.document(packages)
    assert document == sbom.document(packages[::-1])
    assert [component["name"] for component in document["components"]] == ["a", "b", "c"]
    assert not {"serialNumber", "timestamp"} & {*document, *document["metadata"]}


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders with wheel and source distribution, built from copies with other times, places and permissions."""
    folders = []
    for number, (moment, umask, zone) in enumerate([(None, 0o022, "UTC"), (1_500_000_000, 0o077, "Asia/Tokyo")]):
        source = tmp_path_factory.mktemp(f"source{number}") / ("deeper" * number) / "copy"
        _copy(source)
        if moment:
            for path in source.rglob("*"):
                os.utime(path, (moment, moment))
        out = tmp_path_factory.mktemp(f"dist{number}")
        code = f"import os, runpy, sys; os.umask({umask}); sys.argv[0] = 'hatchling'; "
        code += "runpy.run_module('hatchling', run_name='__main__')"
        command = [sys.executable, "-c", code, "build", "-t", "wheel", "-t", "sdist", "-d", str(out)]
        subprocess.run(command, cwd=source, check=True, capture_output=True, env={**os.environ, "TZ": zone})
        folders.append(out)
    return folders


def _copy(target: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    names = [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]
    bundle = PACKAGE / "report" / "page" / "bundle"
    names += [str(path.relative_to(ROOT)) for path in bundle.iterdir() if path.is_file()]
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)


needs_build = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None or not (ROOT / ".git").exists(),
    reason="hatchling is not installed, or this is no clone: run `make setup` in one",
)


@needs_build
@pytest.mark.slow
def test_builds_are_equal(builds: list[Path]):
    """Wheel and source distribution come out byte by byte, whenever, wherever and by whomever they are built."""
    first, second = ({path.name: _digest(path) for path in folder.iterdir()} for folder in builds)
    assert len(first) == 2
    assert first == second


@needs_build
@pytest.mark.slow
def test_archives_hold_no_leftovers(builds: list[Path]):
    """Neither archive holds a cache, a run, a key file, a link, or a path that leaves its folder."""
    (wheel,), (sdist,) = (list(builds[0].glob(pattern)) for pattern in ("*.whl", "*.tar.gz"))
    with zipfile.ZipFile(wheel) as archive, tarfile.open(sdist) as tar:
        names = [*archive.namelist(), *tar.getnames()]
        assert all(member.isfile() or member.isdir() for member in tar.getmembers())
    left = re.compile(r"(^|/)(__pycache__|\.git|\.env|\.venv|node_modules|build|dist)(/|$)|\.(pyc|pem|pth)$")
    assert [name for name in names if left.search(name)] == []
    assert [name for name in names if name.startswith("/") or ".." in name.split("/")] == []


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
