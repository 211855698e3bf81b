"""A mail server that takes its time and journals what it accepts, on disk before it says so.

``python -m tests.faults.sink JOURNAL MILLISECONDS`` prints its port. A line of the journal: Message-ID and recipient.
"""

from __future__ import annotations

import asyncio
import os
import sys
from email import message_from_bytes
from pathlib import Path

END = b"\r\n.\r\n"


class Sink:
    def __init__(self, journal: Path, seconds: float):
        self.file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.seconds = seconds

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender was killed
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient = ""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                await self._accept(await reader.readuntil(END), recipient)
            elif word == b"RCPT":
                recipient = line.decode().split("<")[1].split(">")[0]
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 OK\r\n")
            await writer.drain()
            if word == b"QUIT":
                return

    async def _accept(self, content: bytes, recipient: str) -> None:
        await asyncio.sleep(self.seconds)
        os.write(self.file, f"{message_from_bytes(content)['Message-ID']}\t{recipient}\n".encode())
        os.fsync(self.file)


async def main(journal: str, milliseconds: str) -> None:
    server = await asyncio.start_server(Sink(Path(journal), int(milliseconds) / 1000).talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
