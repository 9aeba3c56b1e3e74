"""`python -m tests.bench.probes NAME ARGUMENTS`: opens one probe and measures what the lines of standard input ask for.

A line is `ours PART` or `beside PART`, an answer one JSON object {"figures": {...}}. The first line out says that the
probe is ready, {"figures": {}}, or that this product cannot run it, {"unsupported": "why"}.
"""

import asyncio
import importlib
import json
import sys

import uvloop

from tests.bench.processes import log_to_stderr


async def main(name: str, arguments: str) -> int:
    log_to_stderr()
    try:
        probe = importlib.import_module(f"tests.bench.probes.{name}")
    except (ImportError, AttributeError) as error:
        print(json.dumps({"unsupported": str(error)}), flush=True)
        return 1
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with probe.opened(**json.loads(arguments)) as measuring:
        print(json.dumps({"figures": {}}), flush=True)
        while line := (await reader.readline()).decode().strip():
            side, _, part = line.partition(" ")
            figures = await getattr(measuring, side)(part)
            print(json.dumps({"figures": figures}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(uvloop.run(main(sys.argv[1], sys.argv[2])))
