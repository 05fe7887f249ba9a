"""Writes what the package consists of as CycloneDX files: the Python packages, and the npm packages in the page.

    python supply/sbom.py FOLDER PYTHON

FOLDER/python.cdx.json lists the packages of the environment of that Python, FOLDER/page.cdx.json those of
web/package-lock.json, of which the build bundles the ones without `cdx:npm:package:development`. `make sbom` gives
it a new environment with this package and the versions of constraints.txt. Neither file names a registry's address.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def _module(path: Path) -> ModuleType:
    """A module that is in no package."""
    spec = importlib.util.spec_from_file_location(f"hiddenlayer_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


web_build = _module(ROOT / "web" / "build.py")
__version__ = _module(ROOT / "pytest_hiddenlayer" / "version.py").__version__
SPEC = "1.5"  # what both programs write


def main(arguments: Sequence[str]) -> int:
    """Write both files; the exit status."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, components in (("python", python_components(arguments[1])), ("page", page_components())):
        path = folder / f"{name}.cdx.json"
        path.write_text(json.dumps(document(components), indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{path}: {len(components)} packages")
    return 0


def document(components: list[dict[str, Any]]) -> dict[str, Any]:
    """The CycloneDX document: equal for equal components, so without a time and a serial number."""
    package = {"type": "library", "name": "pytest-hiddenlayer", "version": __version__}
    package["bom-ref"] = package["purl"] = f"pkg:pypi/pytest-hiddenlayer@{__version__}"
    order = sorted(components, key=lambda component: str(component["purl"]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {"component": package},
        "components": order,
    }


def python_components(python: str) -> list[dict[str, Any]]:
    """The packages of an environment, without this one and without what installs packages."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--sv", SPEC, "--output-reproducible"]
    found = json.loads(_printed([*command, "--short-PURLs", python], ROOT))
    left_out = {"pytest-hiddenlayer", "pip", "setuptools"}
    return [_without_addresses(one) for one in found["components"] if one["name"] not in left_out]


def page_components() -> list[dict[str, Any]]:
    """The packages of the page's lock file."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            text = json.loads((ROOT / "web" / name).read_text(encoding="utf-8"))
            text["version"] = __version__  # npm lists no package without one
            if "packages" in text:
                text["packages"][""]["version"] = __version__
            (Path(folder) / name).write_text(json.dumps(text), encoding="utf-8")
        node = web_build.find_node()
        command = [*node.npm, "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"]
        found = json.loads(_printed(command, Path(folder)))
    return [_without_addresses(one) for one in found["components"]]


def _without_addresses(component: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in component.items() if key != "externalReferences"}


def _printed(command: Sequence[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
