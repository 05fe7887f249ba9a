"""`python -m standin [JSON of the configuration]` from the folder `tests`: serve until killed, print the port."""

from __future__ import annotations

import asyncio
import json
import sys

from .server import Config, Server


async def main(text: str = "{}") -> None:
    """Serve on a free port, which is printed."""
    print(await Server(Config(**json.loads(text))).start(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
