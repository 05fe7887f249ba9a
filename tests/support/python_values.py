"""Values that a user's code may return or raise, each with its name; written into a user's folder as a module."""

from __future__ import annotations

import asyncio
import enum
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any


class Raises:
    """Every operation on it raises."""

    def _raise(self, *_: Any) -> Any:
        raise ZeroDivisionError("no")

    __str__ = __repr__ = __eq__ = __hash__ = __len__ = __bool__ = __iter__ = __float__ = __int__ = _raise
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __getitem__ = __index__ = __format__ = _raise


class RaisesAttributes(Raises):
    """So does every attribute."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError(name)


class AnyAttribute:
    """It has every attribute and is everything, as a mock is."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self


class Exits:
    """It ends the program when its text is asked for."""

    def __str__(self) -> str:
        raise SystemExit(3)

    __repr__ = __str__
    __float__ = __str__  # type: ignore[assignment]


class Endless:
    """An iteration over it does not end."""

    def __iter__(self) -> Iterator[int]:
        while True:
            yield 1

    def __len__(self) -> int:
        return 2**62


class OddText(str):
    """A text whose methods lie."""

    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no text")

    def __len__(self) -> int:
        return -1

    def strip(self, *_: Any) -> Any:
        return 5

    def encode(self, *_: Any) -> Any:
        return None

    def isascii(self) -> bool:
        raise RuntimeError("not known")

    __repr__ = __str__
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not equal")


class OddInt(int):
    """A number whose comparisons fail."""

    def __le__(self, other: Any) -> bool:
        raise RuntimeError("no order")

    __ge__ = __lt__ = __gt__ = __le__
    __repr__ = __str__ = lambda self: "NaN"


class OddFloat(float):
    """A number that writes itself as another."""

    def __repr__(self) -> str:
        return "NaN"

    __str__ = __repr__


class OddDict(dict[Any, Any]):
    """A mapping whose items are none."""

    def items(self) -> Any:
        raise RuntimeError("no items")

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("no keys")


class OddMapping(Mapping[Any, Any]):
    """A mapping that says it has more keys than it has."""

    def __getitem__(self, key: Any) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[Any]:
        return iter([Raises.__name__, 1, None])

    def __len__(self) -> int:
        return 3


class EndlessMapping(Mapping[Any, Any]):
    """A mapping that never ends."""

    def __getitem__(self, key: Any) -> Any:
        return key

    def __iter__(self) -> Iterator[Any]:
        n = 0
        while True:
            yield (n := n + 1)

    def __len__(self) -> int:
        return 2


class Colour(enum.Enum):
    """An enumeration."""

    RED = 1


class Small(enum.IntEnum):
    """An enumeration of numbers."""

    ONE = 1


@dataclass
class Point:
    """A data class."""

    x: float = 1.0


class OddError(Exception):
    """An exception without a text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class ExitingError(Exception):
    """An exception whose text ends the program."""

    def __str__(self) -> str:
        raise SystemExit(4)

    __repr__ = __str__


class NoTextError(Exception):
    """An exception whose text is no text."""

    def __str__(self) -> Any:
        return 5


def cyclic_list() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def cyclic_dict() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


def deep(n: int = 100_000) -> list[Any]:
    value: list[Any] = []
    for _ in range(n):
        value = [value]
    return value


def wide() -> list[Any]:
    """2**40 elements that are shared."""
    value: list[Any] = [1]
    for _ in range(40):
        value = [value, value]
    return value


async def coroutine() -> int:
    return 1


def numpy_value(name: str) -> Any:
    import numpy

    return {
        "scalar": numpy.float32(1),
        "nan": numpy.float64("nan"),
        "array": numpy.ones(3),
        "bool": numpy.bool_(True),
        "int": numpy.int64(1),
        "text": numpy.str_("a"),
        "object": numpy.array([Raises()], dtype=object),
        "0d": numpy.array(1.0),
    }[name]


VALUES: dict[str, Callable[[], Any]] = {
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "minus": lambda: -1,
    "two": lambda: 2,
    "huge": lambda: 10**400,
    "huger": lambda: 10**6000,
    "bool": lambda: True,
    "none": lambda: None,
    "bytes": lambda: b"\xff\x00",
    "set": lambda: {1, 2},
    "tuple": lambda: (1, "a"),
    "cyclic list": cyclic_list,
    "cyclic dict": cyclic_dict,
    "deep": deep,
    "wide": wide,
    "raises": Raises,
    "raises attributes": RaisesAttributes,
    "any attribute": AnyAttribute,
    "exits": Exits,
    "endless": Endless,
    "odd text": lambda: OddText("a1"),
    "odd int": lambda: OddInt(1),
    "odd float": lambda: OddFloat(1.0),
    "odd dict": lambda: OddDict(a=1),
    "odd mapping": OddMapping,
    "endless mapping": EndlessMapping,
    "odd keys": lambda: {1: "a", None: "b", (1, 2): Raises(), b"x": 1, "\ud800": 2, math.nan: 3},
    "same keys": lambda: {1: "a", "1": "b", 1.5: "c", "1.5": "d"},
    "enum": lambda: Colour.RED,
    "int enum": lambda: Small.ONE,
    "decimal": lambda: Decimal("1"),
    "decimal nan": lambda: Decimal("sNaN"),
    "decimal exponent": lambda: Decimal("1e999999"),
    "fraction": lambda: Fraction(1, 1),
    "complex": lambda: 1j,
    "datetime": lambda: datetime(2026, 1, 1, tzinfo=UTC),
    "path": lambda: Path("a"),
    "data class": Point,
    "surrogate": lambda: "a\ud800\udfff",
    "control": lambda: "a\x00\x1b[2J\u202e\n::error::x",
    "long": lambda: "x" * 10**7,
    "generator": lambda: (n for n in range(3)),
    "coroutine": coroutine,
    "lambda": lambda: lambda: 1,
    "class": lambda: Raises,
    "module": lambda: math,
    "exception": lambda: OddError(),
    "numpy scalar": lambda: numpy_value("scalar"),
    "numpy nan": lambda: numpy_value("nan"),
    "numpy array": lambda: numpy_value("array"),
    "numpy bool": lambda: numpy_value("bool"),
    "numpy int": lambda: numpy_value("int"),
    "numpy text": lambda: numpy_value("text"),
    "numpy object": lambda: numpy_value("object"),
    "numpy 0d": lambda: numpy_value("0d"),
}

ERRORS: dict[str, Callable[[], BaseException]] = {
    "exit": lambda: SystemExit(3),
    "exit with an object": lambda: SystemExit(Raises()),
    "interrupt": KeyboardInterrupt,
    "generator exit": GeneratorExit,
    "stop": StopIteration,
    "stop async": StopAsyncIteration,
    "recursion": RecursionError,
    "memory": MemoryError,
    "cancelled": asyncio.CancelledError,
    "timeout": TimeoutError,
    "group": lambda: ExceptionGroup("two", [ValueError("a"), OddError()]),
    "base group": lambda: BaseExceptionGroup("two", [KeyboardInterrupt(), SystemExit(1)]),
    "base": lambda: BaseException("odd"),
    "odd": OddError,
    "exiting": ExitingError,
    "no text": NoTextError,
    "arguments": lambda: ValueError(Raises(), wide),
    "unicode": lambda: UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
    "surrogate": lambda: ValueError("a\ud800\x1b[2J\n::error::x"),
    "long": lambda: ValueError("x" * 10**7),
    "broken pipe": BrokenPipeError,
    "assertion": AssertionError,
    "system": lambda: SystemError("error"),
    "not implemented": NotImplementedError,
    "warning": lambda: UserWarning("a warning"),
}
