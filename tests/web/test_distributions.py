"""What the wheel and the source distribution hold of the report page."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from support.web_build import ROOT, load

pytest.importorskip("hatchling", reason="hatchling is not installed: run `make setup`")
web_build = load("web/build.py")
BUNDLE = "pytest_hiddenlayer/report/page/bundle"


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution of this repository."""
    if not web_build.is_fresh():
        pytest.fail("web/ and the bundle of the report page differ: run `make web`, then the tests again")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_holds_the_bundle_and_its_licences(distributions):
    """The wheel holds the program, and its licences both in the package and among the licence files."""
    with zipfile.ZipFile(next(distributions.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        assert {f"{BUNDLE}/{name}" for name in web_build.PROGRAM} <= set(names)
        assert wheel.read(f"{BUNDLE}/app.js") == (web_build.BUNDLE / "app.js").read_bytes()
        (metadata,) = (wheel.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
        assert f"License-File: {BUNDLE}/licenses.txt" in metadata
        assert any(name.endswith(f".dist-info/licenses/{BUNDLE}/licenses.txt") for name in names)
        assert not any(name.startswith("web/") for name in names)


def test_the_source_distribution_holds_the_sources(distributions):
    """The source distribution holds what a wheel is built from: the sources, no npm package and no bundle."""
    with tarfile.open(next(distributions.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = {*web_build.SOURCES, "build.py", ".npmrc", "src/main.tsx"} - {"src"}
    assert {f"web/{name}" for name in sources} <= names
    assert "hatch_build.py" in names
    assert not any("node_modules" in name or name.startswith(BUNDLE + "/") for name in names)
