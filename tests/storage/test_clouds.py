"""Google's and Azure's stores: listing, ranges, changes; Azure's also against its own emulator where it is installed."""

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from listed import files

from neurochain.errors import FileChangedError, StorageError
from neurochain.storage import Access, File, Members, find_roots, remember
from neurochain.testing import ObjectServer

CONTENT = bytes(range(256)) * 20
ACCOUNT, KEY = (  # that everybody's emulator has
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ObjectServer]:
    for key in ("a/b.bin", "a/c/d.bin", "a/c/e.txt", "f.bin"):
        (tmp_path / "lab" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lab" / key).write_bytes(CONTENT)
    with ObjectServer(tmp_path) as served:
        remember("gs://lab", Access.of({"anon": True, "endpoint": served.url}))
        remember("az://lab", Access.of({"anon": True, "endpoint": served.url, "account_name": "someone"}))
        yield served


@pytest.mark.parametrize("scheme", ["gs", "az"])
def test_files_are_listed_and_read_by_range(server: ObjectServer, scheme: str) -> None:
    (root,) = find_roots(f"{scheme}://lab/a/**/*.bin")
    found = files(root)
    assert [e.path for e in found] == ["lab/a/b.bin", "lab/a/c/d.bin"]
    assert {e.size for e in found} == {len(CONTENT)}
    file = File.of(found[0], root.store)
    assert file.uri == f"{scheme}://lab/a/b.bin"
    assert file.read_ranges([(0, 4), (300, 310)]) == [CONTENT[:4], CONTENT[300:310]]
    assert File.at(f"{scheme}://lab/f.bin").read() == CONTENT
    (server.folder / "lab/a/c/d.bin").write_bytes(CONTENT[::-1])
    with pytest.raises(FileChangedError):
        File.of(found[1], root.store).read_range(0, 10)
    with pytest.raises(StorageError, match="does not exist"):
        File.at(f"{scheme}://lab/absent.bin")


@pytest.mark.parametrize("scheme", ["gs", "az"])
def test_a_folder_that_counts_as_one_object(server: ObjectServer, scheme: str) -> None:
    for name in ("zarr.json", "c/0"):
        (server.folder / "lab/a/x.zarr" / name).parent.mkdir(parents=True, exist_ok=True)
        (server.folder / "lab/a/x.zarr" / name).write_bytes(CONTENT)
    (root,) = find_roots(f"{scheme}://lab/a/*")
    assert [e.path for e in files(root)] == ["lab/a/b.bin", "lab/a/x.zarr"]
    folder = File.at(f"{scheme}://lab/a/x.zarr")
    assert folder.size == 2 * len(CONTENT)
    last, none = Members(folder).read(["c/0", "c/1"], -20)  # Azure has no last bytes without a first one
    assert last is not None
    assert (last.start, last.data, none) == (len(CONTENT) - 20, CONTENT[-20:], None)
    assert Members(folder).folders() == ["c"]


@pytest.fixture(scope="module")
def azurite() -> Iterator[str]:
    """Address of Microsoft's emulator of Azure's blob storage."""
    command = os.environ.get("AZURITE") or shutil.which("azurite-blob")
    if not command:
        pytest.skip("Azurite is not installed: npm install -g azurite, or name its azurite-blob in AZURITE")
    port = 21_000 + os.getpid() % 1_000
    options = [
        "--inMemoryPersistence",
        "--blobPort",
        str(port),
        "--skipApiVersionCheck",
        "--silent",
        "--disableTelemetry",
    ]
    with subprocess.Popen([*command.split(), *options]) as process:
        address = f"http://127.0.0.1:{port}/{ACCOUNT}"
        for _ in range(100):
            try:
                put(address, "/blobs", "restype=container")
                break
            except OSError:
                time.sleep(0.1)
        yield address
        process.terminate()


def put(address: str, path: str, query: str = "", body: bytes = b"") -> None:
    """Make a container or a blob, signed as
    https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-shared-key says.
    """
    headers = {"x-ms-date": f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT", "x-ms-version": "2021-12-02"}
    if body:
        headers |= {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
    own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-ms"))
    resource = f"/{ACCOUNT}/{ACCOUNT}{path}" + "".join(
        "\n" + q.replace("=", ":") for q in query.split("&") if q
    )
    length, kind = str(len(body) or ""), headers.get("Content-Type", "")
    text = "\n".join(["PUT", "", "", length, "", kind, *[""] * 6]) + f"\n{own}{resource}"
    digest = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
    asked: Any = urllib.request.Request(
        address + path + ("?" + query if query else ""), data=body or None, method="PUT", headers=headers
    )
    with urllib.request.urlopen(asked) as answer:
        assert answer.status == 201


def test_azures_own_emulator(azurite: str) -> None:
    for name in ("a/b.bin", "a/c/d.bin"):
        put(azurite, f"/blobs/{name}", body=CONTENT)
    remember("az://blobs", Access.of({"endpoint": azurite, "account_name": ACCOUNT, "account_key": KEY}))
    (root,) = find_roots("az://blobs/**/*.bin")
    found = files(root)
    assert [e.path for e in found] == ["blobs/a/b.bin", "blobs/a/c/d.bin"]
    file = File.of(found[0], root.store)
    assert file.read_ranges([(0, 4), (300, 310)]) == [CONTENT[:4], CONTENT[300:310]]
    put(azurite, "/blobs/a/c/d.bin", body=CONTENT[::-1])
    with pytest.raises(FileChangedError):
        File.of(found[1], root.store).read_range(0, 10)
