"""`hiddenlayer prices [MODEL]`: what calls cost, by the project's price file and by genai-prices."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..terminal_escape import json_text, visible
from .argument_types import at_least, current_project

if TYPE_CHECKING:
    from ..calls.cost.price_listing import ListedPrice, PriceListing

HELP = "show what calls of API models cost, and by which price list"
EPILOG = """examples:
  hiddenlayer prices                         every known price, of your own file first
  hiddenlayer prices gpt-5.4-mini            one model, at each provider that has a price for it
  hiddenlayer prices anthropic:claude-haiku-4-5 --tokens-in 3000 --tokens-out 400
  hiddenlayer prices --json

US dollars per million tokens at the vendor's own API, then the cost of one call, and the source of the prices. If a
price rises with the length of the prompt, it is that of short prompts; the cost of one call counts its own length.
Your own prices are in hiddenlayer-prices.yaml in the project's root, and take precedence. Calls to a model in this
process or on this machine cost nothing.

exit status: 0 a price; 1 the price is not known; 4 a wrong option, name or price file
"""
HEADERS = ("model", "input", "cached", "written", "output", "batch", "one call", "source")
_LOCAL = ("mlx", "ollama", "recorded", "scripted")
_INSTALL = "pip install 'pytest-hiddenlayer[prices]'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the tokens of one call, the price file."""
    parser.add_argument("model", metavar="[PROVIDER:]MODEL", nargs="?", help="model (default: all)")
    parser.add_argument(
        "--tokens-in", type=at_least(0), default=1000, metavar="N", help="input tokens of one call (default: 1000)"
    )
    parser.add_argument(
        "--tokens-out", type=at_least(0), default=500, metavar="N", help="output tokens of one call (default: 500)"
    )
    parser.add_argument(
        "--prices",
        type=Path,
        metavar="FILE",
        help="your own dated prices (default: hiddenlayer-prices.yaml in the project's root, if it exists)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print one row per model. Returns 1 if no price is known."""
    listing = _listing(arguments)
    provider, model = _provider_and_model(arguments.model)
    free = provider is not None and _runs_here(provider, listing)
    found = [] if free else listing.find(provider, model) if model else list(listing.every())
    if arguments.json:
        print(json_text([_as_json(price) for price in found]))
        return 0 if found or free else 1
    if free:
        print(f"{arguments.model}: $0, because calls stay in this process or on this machine")
        return 0
    if not found:
        print(_unknown(arguments.model), file=sys.stderr)
        return 1
    _print_table(found, arguments, listing)
    return 0


def _listing(arguments: argparse.Namespace) -> PriceListing:
    from ..calls.cost.price_file import read_own_prices
    from ..calls.cost.price_listing import PriceListing, today

    path = arguments.prices or _price_file()
    return PriceListing(
        own_prices=() if path is None else read_own_prices(path),
        own_name="" if path is None else path.name,
        now=today(),
        input_tokens=arguments.tokens_in,
        output_tokens=arguments.tokens_out,
    )


def _price_file() -> Path | None:
    """The price file of the project's runs: that of the ini file, else the one in the root, if it exists."""
    from ..session.written_options import PRICES

    project = current_project()
    if written := project.ini.get("hl_prices"):
        return project.root / str(written)
    default = project.root / PRICES
    return default if default.is_file() else None


def _provider_and_model(written: str | None) -> tuple[str | None, str | None]:
    """The parts of PROVIDER:MODEL; a name whose first part is not a provider is a model. Raises UsageError."""
    from ..registry import providers

    if written is None:
        return None, None
    provider, colon, model = written.partition(":")
    if not colon and provider in _LOCAL:
        return provider, provider
    if not colon or provider not in providers.names():
        return None, written
    if not model:
        raise UsageError(f"prices {written!r}: found no model after the colon; write PROVIDER:MODEL")
    return provider, model


def _runs_here(provider: str, listing: PriceListing) -> bool:
    """Whether calls cost nothing: they stay on this machine, and the price file says nothing about them."""
    import os

    from ..providers.http.addresses import is_loopback
    from ..providers.ollama_server import host_url

    if provider not in _LOCAL or any(price.provider == provider for price in listing.own_prices):
        return False
    return provider != "ollama" or is_loopback(host_url(os.environ.get("OLLAMA_HOST", "")))


def _unknown(model: str | None) -> str:
    from ..calls.cost.price_listing import list_version

    what = "no price is known" if model is None else f"the price of {visible(model)} is unknown"
    own = "write it into hiddenlayer-prices.yaml (US dollars per million tokens)"
    if list_version() is None:
        return f"hiddenlayer prices: {what}: genai-prices is not installed; {_INSTALL}, or {own}"
    return f"hiddenlayer prices: {what}: neither your price file nor genai-prices has it; {own}"


def _print_table(found: list[ListedPrice], arguments: argparse.Namespace, listing: PriceListing) -> None:
    from ..report.text_table import grid

    rows = [
        (
            f"{price.provider}:{price.model}",
            *map(_money, (price.input, price.cached_input, price.cache_write, price.output)),
            "?" if price.batch_factor is None else f"×{price.batch_factor:.3g}",
            _money(price.call),
            price.source,
        )
        for price in found
    ]
    numbers = HEADERS[1:-1]
    width = shutil.get_terminal_size().columns
    print(grid(HEADERS, rows, width=width, colour=sys.stdout.isatty(), right=numbers))
    print(
        f"US dollars per million tokens on {listing.now.date()}; one call: "
        f"{arguments.tokens_in:,} tokens in, {arguments.tokens_out:,} out"
    )


def _money(amount: Decimal | None) -> str:
    """Dollars with at least two decimals, and as many as the amount has; `?` if unknown."""
    if amount is None:
        return "?"
    plain = f"{amount:f}".rstrip("0").rstrip(".") if "." in f"{amount:f}" else f"{amount:f}"
    decimals = len(plain.partition(".")[2])
    return f"{amount:.{max(2, min(decimals, 8))}f}"


def _as_json(price: ListedPrice) -> dict[str, object]:
    return {key: float(value) if isinstance(value, Decimal) else value for key, value in asdict(price).items()}
