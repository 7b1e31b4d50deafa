"""Moto's S3 server, which counts the requests and the bytes of its answers."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEYS = {"key": "someone", "secret": "very-secret-indeed"}


@dataclass
class Asked:
    """Requests since the last `clear`.

    Attributes
    ----------
    listings : list of str
        Prefixes, each with ``/`` behind it where only one level was asked for.
    got : list of (str, int)
        Path and length of each answer to a GET of an object.
    """

    listings: list[str] = field(default_factory=list)
    got: list[tuple[str, int]] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(length for _, length in self.got)


class CountingS3:
    """The server; a context manager."""

    def __init__(self) -> None:
        self._app: Any = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._count, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.asked = Asked()
        self.client: Any = None

    @property
    def options(self) -> dict[str, Any]:
        """As `storage_options`."""
        return {"endpoint": self.url, **KEYS}

    def put(self, folder: Path, prefix: str) -> None:
        """Store all files below a folder."""
        for path in sorted(folder.rglob("*.parquet")):
            key = f"{prefix}/{path.relative_to(folder)}"
            self.client.put_object(Bucket="lab", Key=key, Body=path.read_bytes())

    def clear(self) -> None:
        """Count from here."""
        self.asked = Asked()

    def _count(self, environ: dict[str, Any], start: Any) -> Any:
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        is_get = environ["REQUEST_METHOD"] == "GET"
        if is_get and "list-type" in query:
            prefix, level = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
            self.asked.listings.append(f"{prefix} {level}".strip())

        def counted(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if is_get and "list-type" not in query and status.startswith("2"):
                length = next((int(v) for k, v in headers if k.lower() == "content-length"), 0)
                self.asked.got.append((environ["PATH_INFO"], length))
            return start(status, headers, *rest)

        return self._app(environ, counted)

    def __enter__(self) -> "CountingS3":
        self._thread.start()
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=KEYS["key"],
            aws_secret_access_key=KEYS["secret"],
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
