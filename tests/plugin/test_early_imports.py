"""What the controller of pytest-xdist imports while its workers start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.plugin.xdist.early_imports import modules_for
from pytest_hiddenlayer.types import ModelName


@pytest.mark.parametrize(
    ("provider", "modules"),
    [("openai", ("openai", "httpx2", "aiohttp")), ("anthropic", ("anthropic", "httpx2", "aiohttp")), ("mlx", ())],
)
def test_a_controller_knows_the_modules_of_a_provider(provider: str, modules: tuple[str, ...]):
    """The SDK of a model on a server is imported early, the one of a local model or an unknown provider is not."""
    names = (ModelName(provider=provider, model="m"), ModelName(provider="of_a_conftest", model="m"))
    assert modules_for(RunOptions(providers=names)) == modules


def test_a_module_that_is_missing_does_not_stop_the_others():
    """A module that is not installed is passed over in silence, and the next one is imported."""
    code = (
        "import sys\n"
        "from pytest_hiddenlayer.plugin.xdist.early_imports import start_imports\n"
        "start_imports(('not_installed_at_all', 'colorsys')).join()\n"
        "print('colorsys' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout.strip(), run.stderr) == ("True", "")
