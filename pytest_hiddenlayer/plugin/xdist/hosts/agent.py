"""The agent of a run on a host: it takes the project's files, and answers with the models that the host holds.

Its workers are its child processes. The controller decides everything about a call (cache, budget, limits,
retries, prices); the agent makes one attempt. It ends with the connection.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from ....calls.broker.protocol import error_to_json
from ....calls.broker.socket_folder import is_running
from ....calls.cache.sqlite import default_path
from ....calls.event_loop import EventLoopThread
from ....calls.factory import open_local
from ....errors import HiddenLayerError, ProviderError
from ....io.codecs import completion_to_json, request_from_json
from ....io.user_cache import close_to_others
from ....local_models import LocalModels
from ....protocols import Provider, capabilities_of, close_provider
from ....types import ModelName

SETTLED_S = 60.0
"""A younger folder may be of a run that is starting."""


def serve(channel: Any, settings: Mapping[str, Any]) -> None:
    """Serve a run until the connection ends.

    `settings`: `run_id`; `folder`, the host's own copy of the project, or None if the files are sent;
    `model_memory`, bytes of the weights of local models.
    """
    lock_writes(channel.gateway)
    sys.unraisablehook = _without_channels
    agent = Agent(channel, settings)
    try:
        agent.serve()
    finally:
        agent.close()


def lock_writes(gateway: Any) -> None:
    """Have threads write whole messages: a socket may accept a part of a large one."""
    lock, write = threading.Lock(), gateway._io.write

    def locked(data: bytes) -> None:
        with lock:
            write(data)

    gateway._io.write = locked


def _without_channels(unraisable: sys.UnraisableHookArgs) -> None:
    """Show an error that cannot be raised, but not execnet's own when the workers ended before their channels."""
    if "Channel.__del__" not in getattr(unraisable.object, "__qualname__", ""):
        sys.__unraisablehook__(unraisable)


class Agent:
    """One run on this host."""

    def __init__(self, channel: Any, settings: Mapping[str, Any]) -> None:
        self._channel, self._settings = channel, settings
        self._copy = settings["folder"]
        self._folder = None if self._copy else _make_folder(settings["run_id"])
        self._root = Path(self._copy).expanduser().absolute() if self._copy else _made(self._folder, "project")
        self._ended = threading.Event()
        self._event_loop = EventLoopThread()
        self._local_models = LocalModels(settings["model_memory"], lambda text: self._send("notice", text))
        self._providers: dict[ModelName, Provider] = {}
        self._calls: dict[int, Future[None]] = {}

    def serve(self) -> None:
        """Take messages until the connection ends."""
        if self._copy and not self._root.is_dir():
            self._send(
                "fault",
                f"it has no folder {self._root}, which chdir= names: copy the project there, or leave "
                "chdir= out, which sends the files",
            )
            return
        self._channel.setcallback(self._receive, endmarker=None)
        self._ended.wait()

    def close(self) -> None:
        """Remove the files of the run, and close the models."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._event_loop.started:
            with suppress(Exception):  # the controller has gone
                self._event_loop.stop(self._close_providers())

    async def _close_providers(self) -> None:
        for provider in self._providers.values():
            with suppress(Exception):
                await close_provider(provider)

    def _send(self, *message: Any) -> None:
        with suppress(OSError):  # the controller has gone, and the end mark arrives
            self._channel.send(message)

    def _receive(self, message: tuple[Any, ...] | None) -> None:
        """Take a message, on the thread of the connection; an exception would end it."""
        if message is None:
            self._ended.set()
            return
        kind, *values = message
        try:
            getattr(self, f"_on_{kind}")(*values)
        except Exception as error:
            self._send("fault", f"{type(error).__name__}: {error}")

    def _on_file(self, name: str, executable: bool, data: bytes, begins: bool) -> None:
        path = self._inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb" if begins else "ab") as file:
            file.write(data)
        if executable:
            path.chmod(0o700)

    def _on_link(self, name: str, target: str) -> None:
        path = self._inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not Path(os.path.normpath(path.parent / target)).is_relative_to(self._root):
            raise ValueError(f"link {name} leads out of the project")
        path.symlink_to(target)

    def _inside(self, name: str) -> Path:
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise ValueError(f"file {name} lies outside of the project")
        path = self._root / parts
        if not path.parent.resolve().is_relative_to(self._root.resolve()):
            raise ValueError(f"file {name} lies outside of the project")
        return path

    def _on_begin(self) -> None:
        """All files have arrived."""
        os.chdir(self._root)
        sys.path.insert(0, str(self._root))
        self._send("ready", str(self._root))

    def _on_ping(self) -> None:
        self._send("pong")

    def _on_open(self, number: int, provider: str, model: str | None, url: str | None) -> None:
        name = ModelName(provider=provider, model=model)
        self._calls[number] = self._event_loop.start(self._reply(number, self._open(name, url)))

    def _on_complete(self, number: int, provider: str, model: str | None, request: str) -> None:
        name = ModelName(provider=provider, model=model)
        self._calls[number] = self._event_loop.start(self._reply(number, self._complete(name, request)))

    def _on_cancel(self, number: int) -> None:
        if (call := self._calls.get(number)) is not None:
            call.cancel()

    async def _reply(self, number: int, work: Any) -> None:
        try:
            self._send("reply", number, json.dumps(await work))
        except Exception as error:  # the controller raises it, whatever it is
            self._send("error", number, json.dumps(error_to_json(error)))
        finally:
            self._calls.pop(number, None)

    async def _open(self, name: ModelName, url: str | None) -> dict[str, Any]:
        if name not in self._providers:
            self._providers[name] = await asyncio.to_thread(open_local, name, url, self._local_models)
        provider = self._providers[name]
        capabilities = asdict(capabilities_of(provider))
        capabilities.pop("batch_api")
        return {"model": provider.model, "capabilities": capabilities}

    async def _complete(self, name: ModelName, request: str) -> dict[str, Any]:
        provider = self._providers.get(name)
        if provider is None:
            raise ProviderError(f"{name} is not open on this host")
        try:
            return completion_to_json(await provider.complete(request_from_json(json.loads(request))))
        except HiddenLayerError:
            raise
        except Exception as error:  # a user's provider may raise anything
            raise ProviderError(f"{type(error).__name__}: {error}") from error


def _make_folder(run_id: str) -> Path:
    """A folder of this run that only this user may read. Removes those of runs that ended without removing them."""
    base = default_path().parent / "hosts"  # next to the response cache
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    close_to_others(base, instead="set HIDDENLAYER_CACHE on that host to a folder of your own")
    for old in base.iterdir():
        if _is_abandoned(old):
            shutil.rmtree(old, ignore_errors=True)
    return _made(base, f"{run_id}-{os.getpid()}")


def _made(folder: Path | None, name: str) -> Path:
    assert folder is not None
    path = folder / name
    path.mkdir(mode=0o700)
    return path.resolve()


def _is_abandoned(folder: Path) -> bool:
    _, _, pid = folder.name.rpartition("-")
    if not pid.isdigit():
        return False
    with suppress(OSError):
        return folder.lstat().st_mtime < time.time() - SETTLED_S and not is_running(int(pid))
    return False
