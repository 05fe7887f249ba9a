"""`python -m fake_server [CONFIG_JSON]` in the folder `tests`: print the port, then serve until killed."""

from __future__ import annotations

import asyncio
import json
import sys

from .server import Config, Server


async def main(config: str = "{}") -> None:
    """Serve on a free port and print it."""
    print(await Server(Config(**json.loads(config))).start(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
