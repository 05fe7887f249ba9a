"""Damages files: bytes, lines, and values of JSON and YAML. Equal seeds give equal damages."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import yaml

from support.mutations import WRONG, mutated, paths, without

Damage = tuple[str, bytes]
"""What was done, and the damaged content."""

DEEP = 100_000
DIGITS = 5000  # more than Python converts to a number
LONG = 3_000_000
HUGE = (
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-0",
    b"9" * DIGITS,
    b"-" + b"9" * 400,
    b"1e-999",
    b'"\\ud800"',
    b'"\\u0000"',
    b"[" * DEEP,
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 3000 + b"1" + b"}" * 3000,
    b"true",
    b"null",
    b'""',
    b"[]",
    b"{}",
)
PIECES = (
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b"\n",
    b"\t",
    b"\x1b[2J",
    b"\x85",
    b'"',
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"- ",
    b"&a ",
    b"*a",
    b"!!python/object:os.system ",
    b"<<: *a",
    b"%",
    b"{{",
    b"{%",
    "\u2028".encode(),
    "\u202e".encode(),
    b"\xc3",
    b"---\n",
    b"...\n",
    b"?",
    b"|",
    b">",
    b"#",
    b"=",
    b"\\",
)
ODD = (
    "",
    " ",
    "\u0000",
    "a\nb",
    "../../up",
    "/etc/passwd",
    "-1",
    "1e999",
    "nan",
    "%s%n",
    "{{ 7*7 }}",
    "x" * 5000,
    "\ud800",
    ".",
    "::a",
)


def damage(content: bytes, chance: random.Random) -> Damage:
    """One damage of a file's content."""
    kinds: list[Callable[[bytes, random.Random], Damage | None]] = [
        of_bytes,
        of_lines,
        of_encoding,
        of_values,
        of_values,
        of_values,
    ]
    while True:
        if (done := chance.choice(kinds)(content, chance)) is not None:
            return done


def of_bytes(content: bytes, chance: random.Random) -> Damage:
    """Flip, remove, repeat or insert bytes at a few places."""
    data, done = bytearray(content), []
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0 if data and at < len(data):
                data[at] ^= 1 << chance.randrange(8)
                done.append(f"flip {at}")
            case 1:
                end = at + chance.choice((1, 4, 64))
                del data[at:end]
                done.append(f"remove {at}:{end}")
            case 2:
                data[at:at] = data[max(0, at - 40) : at] * chance.choice((1, 3))
                done.append(f"repeat before {at}")
            case 3:
                piece = chance.choice(PIECES)
                data[at:at] = piece
                done.append(f"insert {piece!r} at {at}")
            case _:
                huge = chance.choice(HUGE)
                data[at:at] = huge
                done.append(f"insert {huge[:20]!r} ({len(huge)}) at {at}")
    return ", ".join(done), bytes(data)


def of_lines(content: bytes, chance: random.Random) -> Damage:
    """Cut the file, empty it, or remove, repeat, swap or lengthen a line."""
    lines = content.splitlines(keepends=True) or [b""]
    at = chance.randrange(len(lines))
    match chance.randrange(7):
        case 0:
            cut = chance.randrange(len(content) + 1)
            return f"cut at {cut}", content[:cut]
        case 1:
            return "empty", b""
        case 2:
            return f"line {at + 1} is missing", b"".join(lines[:at] + lines[at + 1 :])
        case 3:
            return f"line {at + 1} is there twice", b"".join([*lines[: at + 1], *lines[at:]])
        case 4:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
            return f"lines {at + 1} and {other + 1} are swapped", b"".join(lines)
        case 5:
            long = lines[at].rstrip(b"\r\n") + chance.choice((b"x", b" ", b"[", b"\\", b"a,")) * LONG + b"\n"
            return f"line {at + 1} is long", b"".join([*lines[:at], long, *lines[at + 1 :]])
        case _:
            return "many blank lines", b"\n" * 100_000 + content


def of_encoding(content: bytes, chance: random.Random) -> Damage:
    """Write the same text in another encoding, with other line ends or with a mark."""
    text = content.decode("utf-8", "replace")
    ways: dict[str, Callable[[], bytes]] = {
        "UTF-16": lambda: text.encode("utf-16"),
        "UTF-32": lambda: text.encode("utf-32"),
        "Latin-1": lambda: f"é{text}".encode("latin-1", "replace"),
        "a byte order mark": lambda: text.encode("utf-8-sig"),
        "CRLF": lambda: text.replace("\n", "\r\n").encode(),
        "CR": lambda: text.replace("\n", "\r").encode(),
        "NUL bytes": lambda: content + b"\x00" * 4096,
        "only NUL bytes": lambda: b"\x00" * len(content),
        "another file": lambda: chance.choice(
            (b"PK\x03\x04" + content, b"PAR1" + content + b"PAR1", b"\x89PNG\r\n\x1a\n", b"GGUF")
        ),
    }
    name = chance.choice(list(ways))
    return name, ways[name]()


def of_values(content: bytes, chance: random.Random) -> Damage | None:
    """Replace, remove or rename a value of JSON, of a line of JSONL, or of YAML; None if it is none of these."""
    lines = content.split(b"\n")
    if (value := _json(content)) is not None:
        what, text = _damaged_value(value, chance)
        return what, text
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if filled and (value := _json(lines[number := chance.choice(filled)])) is not None:
        what, text = _damaged_value(value, chance)
        return f"line {number + 1}: {what}", b"\n".join([*lines[:number], text, *lines[number + 1 :]])
    try:
        value = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return None
    if not isinstance(value, dict | list):
        return None
    value = json.loads(json.dumps(value, default=str))
    if chance.random() < 0.1:
        return "an alias bomb", _bomb(value)
    return _damaged_value(value, chance)


def _json(content: bytes) -> Any:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _damaged_value(value: Any, chance: random.Random) -> Damage:
    places = list(paths(value))
    place = chance.choice(places)
    named = "/".join(map(str, place))
    match chance.randrange(8):
        case 0 if place:
            return f"{named} is missing", json.dumps(without(value, place)).encode()
        case 1:
            return f"{named} holds {DEEP} lists", _spliced(value, place, b"[" * DEEP + b"]" * DEEP)
        case 2:
            huge = chance.choice(HUGE)
            return f"{named} = {huge[:20]!r} ({len(huge)})", _spliced(value, place, huge)
        case 3:
            key = chance.choice((*ODD, "schema", "__class__", "id"))
            return f"{named} has a key {key[:20]!r}", json.dumps(_with_key(value, place, key)).encode()
        case 4:
            text = json.dumps(value).encode()
            at = text.find(b'":')
            return "a key is there twice", text if at < 0 else text[:1] + text[1 : at + 2] + b" 7, " + text[1:]
        case 5:
            many = {f"k{number}": number for number in range(20_000)}
            return f"{named} has many keys", json.dumps(mutated(value, place, many)).encode()
        case _:
            wrong = chance.choice((*WRONG, *ODD))
            return f"{named} = {str(wrong)[:40]!r}", json.dumps(mutated(value, place, wrong)).encode()


def _spliced(value: Any, place: tuple[Any, ...], raw: bytes) -> bytes:
    mark = "a mark that is nowhere else"
    return json.dumps(mutated(value, place, mark)).encode().replace(json.dumps(mark).encode(), raw)


def _with_key(value: Any, place: tuple[Any, ...], key: str) -> Any:
    inner = value
    for name in place:
        inner = inner[name]
    return mutated(value, place, {**inner, key: "added"} if isinstance(inner, dict) else {key: inner})


def _bomb(value: Any) -> bytes:
    levels = "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 12))
    text = yaml.safe_dump(value, sort_keys=False)
    return (f"b0: &b0 [x, x]\n{levels}{text}" if isinstance(value, dict) else f"- &b0 [x]\n- {levels}{text}").encode()
