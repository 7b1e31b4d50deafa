"""Server: the PostgreSQL wire on this machine."""

import socket
import socketserver
import struct
import threading
from typing import Any

from neurochain.tables.serving.postgres.session import Session
from neurochain.tables.serving.postgres.wire import Connection, Gone
from neurochain.tables.serving.upstream import Upstream

__all__ = ["PostgresServer"]

HOST = "127.0.0.1"  # and no other: what is said here is said in clear
MOST = 64  # clients at once
IDLE = 3600.0  # seconds that a client may say nothing


class PostgresServer:
    """Listens on loopback from the moment it is made.

    Parameters
    ----------
    opened : socket
        Bound and listening.
    upstream : Upstream
        Who answers.
    token : str
        The password; none is asked for where it is empty.
    """

    def __init__(self, opened: socket.socket, upstream: Upstream, token: str) -> None:
        slots = threading.BoundedSemaphore(MOST)
        clients: set[socket.socket] = set()

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                if not slots.acquire(blocking=False):
                    return
                clients.add(self.request)
                try:
                    self.request.settimeout(IDLE)
                    self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    Session(Connection(self.request), upstream, token).run()
                except (Gone, struct.error):  # it has left, or does not speak this language
                    return
                finally:
                    clients.discard(self.request)
                    slots.release()

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self._clients = clients
        self._server: Any = Listener(opened.getsockname(), Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = opened
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Send all clients home."""
        self._server.shutdown()
        self._server.server_close()
        for client in list(self._clients):
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._thread.join()
