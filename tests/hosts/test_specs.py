"""Specs of `--tx` and `--px` are read as pytest-xdist reads them; a wrong one is refused with what to write."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.hosts.specs import parse_specs


def test_a_host_that_is_named_several_times_is_one_with_several_workers():
    """`2*ssh=mac2` and `ssh=mac2` are one host with three workers, checked once."""
    hosts = parse_specs(["2*ssh=mac2", "popen", "ssh=mac2"])
    assert [(host.name, host.workers) for host in hosts] == [("mac2", 3), ("popen", 1)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ssh=-p 2222 me@mac2//python=python3", "me@mac2"),
        ("socket=192.0.2.1:8888", "192.0.2.1:8888"),
        ("id=w//popen//python=python3.12//env:A=b", "popen//python=python3.12"),
    ],
)
def test_the_name_of_a_host_is_what_a_person_calls_it(text, name):
    """Messages name the host as ssh or the socket does."""
    assert parse_specs([text])[0].name == name


@pytest.mark.parametrize(
    ("tx", "px", "message"),
    [
        ([], [], "no host is named: write --tx SPEC"),
        (["mac2"], [], "--tx 'mac2' does not say how the host is reached; write `popen`, `ssh=HOST`"),
        (["ssh=mac2//ssh=mac3"], [], "not a spec of a host (duplicate key: 'ssh'"),
        (["ssh"], [], "does not say how the host is reached"),
        (["ssh= "], [], "names no host; write ssh=HOST"),
        (["//ssh=mac2"], [], "not a spec of a host"),
        ([""], [], "not a spec of a host (a key is empty)"),
        (["ssh=mac2//pyhton=py"], [], "unknown key 'pyhton', which execnet would ignore; did you mean python?"),
        (["ssh=mac2//cpu=4"], [], "unknown key 'cpu', which execnet would ignore; keys are chdir, "),
        (["0*popen"], [], "asks for no worker"),
        (["socket=mac2"], [], "has no port; write socket=HOST:PORT"),
        (["popen//via=p"], [], "no --px has id=p"),
        (["popen"], ["ssh=mac2"], "--px 'ssh=mac2' has no id"),
    ],
)
def test_a_wrong_spec_is_refused_with_what_to_write(tx, px, message):
    """A spec that xdist cannot use is an error of the command line."""
    with pytest.raises(UsageError) as error:
        parse_specs(tx, px)
    assert message in str(error.value)
