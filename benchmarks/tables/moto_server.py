"""Moto's S3 server on this machine, in a process of its own: ``python -m benchmarks.tables.moto_server FOLDER LATENCY``.

Moto looks through all names of a bucket for each listing, so that it answers as slowly as a store far away with many more of them.
"""

import argparse
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    """Keeps connections, as S3 does, and sends each answer at once."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("latency", type=float)
    arguments = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for bucket in sorted(arguments.folder.iterdir()):
        backend.create_bucket(bucket.name, "us-east-1")
        for path in sorted(bucket.rglob("*.parquet")):
            backend.put_object(bucket.name, str(path.relative_to(bucket)), path.read_bytes())
    server = make_server("127.0.0.1", 0, _after(arguments.latency), threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.port}", flush=True)
    sys.stdin.read()


def _after(latency: float) -> Callable[[Any, Any], Iterable[bytes]]:
    """Moto, which answers each request so many seconds later."""
    moto: Any = DomainDispatcherApplication(create_backend_app)

    def answered(environment: Any, start: Any) -> Iterable[bytes]:
        time.sleep(latency)
        return moto(environment, start)  # type: ignore[no-any-return]

    return answered


if __name__ == "__main__":
    main()
