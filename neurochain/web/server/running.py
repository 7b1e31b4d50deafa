"""Running: the server as a process that a person starts, with the address to open."""

import secrets
import socket
import webbrowser
from collections.abc import Callable
from types import FrameType

import uvicorn

from neurochain.datasets.project import Project
from neurochain.errors import ParameterError
from neurochain.web.server.app import make_app
from neurochain.web.server.guard import Session

__all__ = ["LOOPBACK", "run_server"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
TOKEN = 24  # bytes


def run_server(
    project: Project,
    say: Callable[[str], None],
    host: str = "127.0.0.1",
    port: int = 8765,
    token: str = "",
    browser: bool = True,
) -> None:
    """Serve a project until Ctrl-C.

    Parameters
    ----------
    project : Project
        Whose datasets are shown; one that is read only refuses all changes.
    say : callable
        Gets lines for the person who starts it.
    host : str
        Where it listens; beyond this machine only with a token that somebody chose.
    port : int
        0 takes a free one.
    token : str
        Made at random by default.
    browser : bool
        Open the address.

    Raises
    ------
    ParameterError
        It would listen beyond this machine without a token, or the port is taken.
    """
    if host not in LOOPBACK and not token:
        raise ParameterError(
            f"--host {host} can be reached from other machines. Choose who may look: --token … (or NEUROCHAIN_TOKEN)."
        )
    listening = _listening(host, port)
    port = listening.getsockname()[1]
    session = Session(token or secrets.token_urlsafe(TOKEN), _hosts(host, port), port)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", *LOOPBACK) else host
    address = f"http://{shown}:{port}/?token={session.token}"
    say(f"Datasets of {project.folder.parent}:")
    say(address)
    say("Ctrl-C ends it.")
    if browser:
        webbrowser.open(address)
    config = uvicorn.Config(make_app(project, session), log_level="warning", access_log=False, lifespan="off")
    _Server(config, session).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends what is told without end, too, before it waits for all answers to be given."""

    def __init__(self, config: uvicorn.Config, session: Session) -> None:
        super().__init__(config)
        self._session = session

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On Ctrl-C."""
        self._session.ended.set()
        super().handle_exit(sig, frame)


def _hosts(host: str, port: int) -> frozenset[str]:
    names = {"127.0.0.1", "localhost", "[::1]"}
    if host not in LOOPBACK:
        names |= {host, socket.gethostname(), socket.getfqdn()}
    return frozenset(f"{name.lower()}:{port}" for name in names)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen()  # whoever is told the address may come at once, and waits
    except OSError as error:
        made.close()
        raise ParameterError(
            f"{host}:{port} cannot be listened at ({error.strerror}). Choose another --port."
        ) from error
    return made
