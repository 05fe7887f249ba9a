"""The npm packages of the report page: pinned, without addresses, under permissive licences."""

from __future__ import annotations

import json
import re

import pytest
from support.web_build import ROOT

from pytest_hiddenlayer.report.page.bundle import load_bundle

WEB = ROOT / "web"
LOCK = (WEB / "package-lock.json").read_text(encoding="utf-8")
PACKAGES = {name.rpartition("node_modules/")[2]: package for name, package in json.loads(LOCK)["packages"].items()}


def test_the_lock_file_holds_no_address():
    """The lock file names no address: neither of a download nor of a donation."""
    assert "://" not in LOCK
    assert "resolved" not in LOCK
    assert "://" not in (WEB / ".npmrc").read_text()


def test_every_package_is_pinned_by_version_and_hash():
    """Each package of the lock file has an exact version and a SHA-512."""
    for name, package in PACKAGES.items():
        if name:
            assert re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", package["version"]), name
            assert package["integrity"].startswith("sha512-"), name


def test_the_lock_file_is_that_of_the_package():
    """package.json names exact versions, and they are those of the lock file."""
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    for kind in ("dependencies", "devDependencies"):
        assert package[kind] == PACKAGES[""][kind]
        assert package[kind] == {name: PACKAGES[name]["version"] for name in package[kind]}


def test_documented():
    """Each package that package.json names has a line in docs/dependencies.md."""
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    for name in (*package["dependencies"], *package["devDependencies"]):
        assert re.search(rf"^\|[^|]*{re.escape(name)}\b", text, flags=re.M), name


def test_the_licences_are_those_of_the_lock_file():
    """Each package in the bundle is listed with the version and the licence of the lock file, and a text."""
    bundle = load_bundle()
    assert bundle is not None
    entries = re.split(r"\n\n-{72}\n\n", bundle.licenses)
    for entry in entries:
        heading, _, text = entry.partition("\n\n")
        name, version, licence = re.fullmatch(r"(\S+) (\S+) \((.+)\)", heading).groups()
        assert (version, licence) == (PACKAGES[name]["version"], PACKAGES[name]["license"])
        assert "copyright" in text.lower() or "no licence text" in text
    assert "preact" in {entry.split()[0] for entry in entries}


@pytest.mark.parametrize("name", ["script", "style"])
def test_the_program_does_not_end_its_element(name):
    """Neither the program nor its style holds what would end the element of the page that holds it."""
    assert not re.search(r"</(script|style)|<!--", getattr(load_bundle(), name), flags=re.I)
