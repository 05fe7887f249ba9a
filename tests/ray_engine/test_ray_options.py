"""What is written for `--engine ray`, and what is said if it cannot be used. Needs no Ray."""

from __future__ import annotations

import socket
import sys
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.ray_engine.choice import engine_arguments, engine_facts
from pytest_hiddenlayer.ray_engine.cluster import connect, import_ray
from pytest_hiddenlayer.ray_engine.options import RayOptions, parse_ray_options, refuse_local_only


def test_defaults():
    """Without more, a worker occupies one CPU, and a cluster is found or started."""
    options = parse_ray_options({"engine": "ray"})
    assert options == RayOptions(address=None, workers=None)
    assert options.demand == {"CPU": 1.0}


@pytest.mark.parametrize(("workers", "text"), [(None, "ray"), (4, "ray (4 workers)")])
def test_the_manifest_names_the_engine(workers, text):
    """A run on Ray says so, and how many workers were asked for; one of this process says nothing."""
    assert engine_facts(partial(Runtime, RayOptions(workers=workers))) == {"engine": text}
    assert engine_facts(Runtime) == {}


def test_resources_are_amounts_by_name():
    """CPU and GPU may be written in small letters; other names are kept."""
    options = parse_ray_options({"engine": "ray", "ray-resources": "gpu=0.5, big_memory=2,cpu=4"})
    assert options.demand == {"CPU": 4.0, "GPU": 0.5, "big_memory": 2.0}


def test_keys_are_taken_from_the_environment(monkeypatch):
    """--ray-env names a variable; its value is not shown in the options."""
    monkeypatch.setenv("MY_KEY", "secret-1")
    options = parse_ray_options({"engine": "ray", "ray-env": ["MY_KEY"]})
    assert options.env == {"MY_KEY": "secret-1"}
    assert "secret-1" not in repr(options)


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("engine", "rya", "--engine 'rya': write local or ray, did you mean 'ray'"),
        ("ray-workers", "0", "--ray-workers '0': write a whole number from 1 to 10,000"),
        ("ray-workers", "1.5", "write a whole number"),
        ("ray-wait", "soon", "--ray-wait 'soon': write a number from 1"),
        ("ray-resources", "GPU", "--ray-resources 'GPU': write NAME=AMOUNT"),
        ("ray-resources", "gpu=1,GPU=2", "--ray-resources 'gpu=1,GPU=2': GPU is written twice"),
        ("ray-address", "head:99999", "--ray-address 'head:99999': write HOST:PORT"),
        ("ray-address", "ray://head:10001", "Ray Client is not supported"),
        ("ray-address", "head", "--ray-address 'head': write HOST:PORT"),
        ("ray-env", ["NOT_SET_HERE"], "--ray-env NOT_SET_HERE: the variable is not set here"),
    ],
)
def test_wrong_options_are_said(name, written, message):
    """A message names the option, what was found and what to write."""
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        parse_ray_options({"engine": "ray", name: written})


def test_a_value_on_the_command_line_is_refused_and_not_repeated():
    """`--ray-env KEY=value` would show the value in lists of processes; the message does not repeat it."""
    with pytest.raises(UsageError, match="write the name of a variable only") as error:
        parse_ray_options({"engine": "ray", "ray-env": ["KEY=secret-2"]})
    assert "secret-2" not in str(error.value)


def test_options_of_ray_need_the_engine():
    """Options of Ray without `--engine ray` are refused, instead of ignored."""
    with pytest.raises(UsageError, match="--ray-workers is for the workers of Ray; add --engine ray"):
        parse_ray_options({"engine": None, "ray-workers": "2"})
    assert parse_ray_options({"engine": "local"}) is None


@pytest.mark.parametrize(
    ("options", "name"),
    [({"record": Path("c")}, "--record"), ({"replay": Path("c")}, "--replay"), ({"batch": True}, "--batch")],
)
def test_options_of_one_process_are_refused(options, name):
    """Cassettes and batches, which belong to one process, are refused with what to do."""
    with pytest.raises(UsageError, match=f"{name} with --engine ray"):
        refuse_local_only(RunOptions(**options))
    refuse_local_only(RunOptions(budget_usd=Decimal(1)))


def test_python_arguments_choose_the_engine_too():
    """`evaluate(engine="ray", ray_workers=2)`; the rest are options of the run."""
    arguments = {"engine": "ray", "ray_workers": 2, "epochs": 3}
    assert engine_arguments(arguments) == {"engine": "ray", "ray-workers": 2}
    assert arguments == {"epochs": 3}


def test_without_ray_the_extra_is_named(monkeypatch):
    """One sentence says what to install."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"Ray is not installed .* run `pip install 'pytest-hiddenlayer\[ray\]'`"):
        import_ray()


def test_the_command_says_it_before_anything_is_asked(sums, monkeypatch, capsys):
    """`hiddenlayer run --engine ray` without Ray ends with status 4 and writes nothing."""
    from pytest_hiddenlayer.cli import main

    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.chdir(sums.path)
    assert main(["run", "--provider", "scripted:replies.json", "--engine", "ray"]) == 4
    assert "Ray is not installed" in capsys.readouterr().err
    assert not (sums.path / "reports").exists()


def test_an_address_where_nobody_listens_is_said():
    """An address where nobody listens is a usage error at once; Ray itself would end the process after a minute."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'pytest-hiddenlayer[ray]'")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(UsageError, match=f"--ray-address {address}: nobody answers there"):
            connect(RayOptions(address=address), None)
