"""Every template of the package is loaded with autoescape, and none switches it off."""

from __future__ import annotations

from pathlib import Path

import pytest

import pytest_hiddenlayer
from pytest_hiddenlayer.report.html_template import load_template

TEMPLATES = sorted(Path(pytest_hiddenlayer.__file__).parent.rglob("*.html.jinja"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_escape(path):
    """A template compiles, and marks no value as safe."""
    assert load_template(path).environment.autoescape is True
    assert "safe" not in path.read_text()
    assert "autoescape" not in path.read_text()


def test_an_undefined_name_is_an_error(tmp_path):
    """A misspelt name raises; it is not rendered as an empty text."""
    from jinja2 import UndefinedError

    (tmp_path / "x.html.jinja").write_text("{{ nothing }}")
    with pytest.raises(UndefinedError):
        load_template(tmp_path / "x.html.jinja").render()


def test_values_are_escaped(tmp_path):
    """Markup in a value becomes text."""
    (tmp_path / "x.html.jinja").write_text("{{ value }}")
    assert load_template(tmp_path / "x.html.jinja").render(value="<b>") == "&lt;b&gt;"
