"""What a host says about itself before anything else. Its source is sent: it imports the standard library only."""

from __future__ import annotations

from typing import Any


def facts() -> dict[str, str]:
    """Python, versions of packages and the reason why this package cannot be imported, if so."""
    import platform
    import sys
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": sys.executable, "python_version": platform.python_version(), "error": ""}
    for package in ("pytest", "execnet", "pytest-hiddenlayer"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    try:
        import pytest_hiddenlayer.version

        found["pytest-hiddenlayer"] = pytest_hiddenlayer.version.__version__
    except Exception as error:
        found["error"] = f"{type(error).__name__}: {error}"
    return found


def greet(channel: Any) -> None:
    """Send the facts; then serve a run, if the controller accepts them."""
    channel.send(facts())
    settings = channel.receive()
    from pytest_hiddenlayer.plugin.xdist.hosts.agent import serve

    serve(channel, settings)


if __name__ == "__channelexec__":
    greet(globals()["channel"])  # of execnet
