"""Which servers are reached through which proxy of the environment."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager

import pytest

from pytest_hiddenlayer.errors import ProviderUnavailableError
from pytest_hiddenlayer.providers.http.addresses import is_loopback, proxy_of
from pytest_hiddenlayer.providers.http.server import request_json

SERVER = "http://models.example:8000/v1"
NAMES = [f"{name}_proxy" for name in ("http", "https", "all", "no")]


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """No proxy of this machine."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variable", "value", "url", "proxy"),
    [
        ("HTTP_PROXY", "http://proxy:3128", SERVER, "http://proxy:3128"),
        ("http_proxy", "proxy:3128", SERVER, "http://proxy:3128"),
        ("HTTP_PROXY", "user:secret@proxy:3128", SERVER, "http://user:secret@proxy:3128"),
        ("HTTP_PROXY", "10.0.0.1:3128", SERVER, "http://10.0.0.1:3128"),
        ("HTTPS_PROXY", "proxy:3128", "https://models.example/v1", "http://proxy:3128"),
        ("HTTPS_PROXY", "proxy:3128", SERVER, None),
        ("ALL_PROXY", "proxy:3128", SERVER, "http://proxy:3128"),
        ("HTTP_PROXY", "", SERVER, None),
        ("HTTP_PROXY", "proxy:3128", "http://127.0.0.1:8000", None),
        ("HTTP_PROXY", "proxy:3128", "http://localhost:8000", None),
    ],
)
def test_the_proxy_of_a_server(monkeypatch, variable, value, url, proxy):
    """The proxy of the URL's scheme applies, else ALL_PROXY; without a scheme it is an HTTP proxy."""
    monkeypatch.setenv(variable, value)
    assert proxy_of(url) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("*", SERVER, True),
        ("models.example", SERVER, True),
        (".example", SERVER, True),
        ("*.example", SERVER, True),
        ("example", SERVER, True),
        ("a, MODELS.example ,b", SERVER, True),
        ("models.example:8000", SERVER, True),
        ("models.example:9000", SERVER, False),
        ("odels.example", SERVER, False),
        ("10.0.0.0/8", "http://10.1.2.3/v1", True),
        ("10.0.0.0/8", "http://11.1.2.3/v1", False),
        ("fd00::/8", "http://[fd00::1]:8000/v1", True),
        ("", SERVER, False),
    ],
)
def test_no_proxy_names_servers_that_are_reached_directly(monkeypatch, no_proxy, url, direct):
    """An entry is a host, a domain, a host with a port, or a network; a star is every host."""
    monkeypatch.setenv("HTTP_PROXY", "proxy:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (proxy_of(url) is None) is direct


@pytest.mark.parametrize("value", ["socks5://u:secret@proxy:1080", "socks5h://proxy:1080", "http://proxy:port"])
def test_another_kind_of_proxy_is_refused_in_words(monkeypatch, value):
    """Speaking HTTP to a SOCKS proxy would fail after all retries; the error says what to set, and no password."""
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(
        ProviderUnavailableError, match=r"^ALL_PROXY names .*//proxy:.*NO_PROXY=models.example"
    ) as error:
        proxy_of(SERVER)
    assert "secret" not in str(error.value)


def test_a_proxy_of_the_scheme_goes_before_a_socks_proxy(monkeypatch):
    """ALL_PROXY applies only if there is no proxy for the scheme."""
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1080")
    monkeypatch.setenv("HTTP_PROXY", "proxy:3128")
    assert proxy_of(SERVER) == "http://proxy:3128"


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("127.8.8.8", True), ("[::1]", True), ("a.localhost", True), ("127.evil.example", False),
     ("localhost.example", False), ("10.0.0.1", False), ("0.0.0.0.example", False)],
)  # fmt: skip
def test_this_machine(host, here):
    """Only loopback addresses and `localhost` are this machine."""
    assert is_loopback(f"http://{host}:80/v1") is here


@contextmanager
def proxy(reply: bytes):
    """A proxy that answers one request; yields its address and what it received."""
    listener, received = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            received.append(connection.recv(65536).decode())
            connection.sendall(reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}", received
        thread.join(10)


def test_a_list_of_models_comes_through_the_proxy(monkeypatch):
    """Finding a server's models goes the same way as the calls, with the proxy's user and password."""
    body = json.dumps({"data": []}).encode()
    reply = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    with proxy(reply) as (address, received):
        monkeypatch.setenv("HTTP_PROXY", f"user:se%20cret@{address}")
        assert request_json("GET", f"{SERVER}/models", "key") == {"data": []}
    head = received[0].lower()
    assert head.startswith(f"get {SERVER}/models http/1.1".lower())
    assert "host: models.example:8000" in head
    assert "proxy-authorization: basic dxnlcjpzzsbjcmv0" in head


def test_an_https_server_is_tunnelled(monkeypatch):
    """For https the proxy is asked for a tunnel, and gets no key."""
    with proxy(b"HTTP/1.1 403 Forbidden\r\n\r\n") as (address, received):
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(OSError, match="403"):
            request_json("GET", "https://models.example/v1/models", "key")
    assert received[0].startswith("CONNECT models.example:443 ")
    assert "key" not in received[0]
