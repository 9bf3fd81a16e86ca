"""A client that says hello on the live socket and then never reads again."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.sockets import hello

_UPGRADE = (
    "GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: bWluZ2NpLW1pbmdjaS1taQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_ESTABLISHED = "01"
_NO_MASK = bytes(4)
"""A mask of zeros leaves the payload as it is."""


@contextmanager
def deaf(token: str, port: int) -> Iterator[int]:
    """The client; its own port, by which the kernel knows the link."""
    said = hello(token).encode()
    assert len(said) < 126  # a length of one byte
    frame = bytes([0x81, 0x80 | len(said)]) + _NO_MASK + said
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel's least, some 2 KB
        link.connect(("127.0.0.1", port))
        link.sendall(_UPGRADE.encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += link.recv(1)
        link.sendall(frame)
        own_port: int = link.getsockname()[1]
        yield own_port


def unread_bytes(server_port: int, client_port: int) -> int | None:
    """What the kernel holds for the client on the server's side; None: there is no such link."""
    ends = tuple(f"0100007F:{port:04X}" for port in (server_port, client_port))
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if tuple(columns[1:3]) == ends and columns[3] == _ESTABLISHED:
            return int(columns[4].partition(":")[0], 16)
    return None
