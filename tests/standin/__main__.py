"""`python -m standin [JSON of the configuration]` from the folder `tests`: serve until killed, print the port."""

from __future__ import annotations

import asyncio
import json
import sys

from .server import Config, serve


async def main(text: str = "{}") -> None:
    """Serve on a free port, which is printed."""
    server = await serve(Config(**json.loads(text)))
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
