"""The first bytes of all files of a bucket, not parsed: obstore. Usage: fetch_obstore.py ENDPOINT BUCKET BYTES AT_ONCE"""

import asyncio
import sys
import time

import obstore
from measured import measured
from obstore.store import S3Store

endpoint, bucket = sys.argv[1:3]
most, at_once = int(sys.argv[3]), int(sys.argv[4])
store = S3Store(
    bucket, endpoint=endpoint, region="us-east-1", skip_signature=True, client_options={"allow_http": True}
)


async def fetch() -> list[int]:
    listed = ((found["path"], found["size"]) for page in obstore.list(store) for found in page)
    sizes: list[int] = []

    async def one_after_the_other() -> None:
        for path, size in listed:
            answer = await obstore.get_async(store, path, options={"range": (0, min(most, size))})
            data = bytes(await answer.bytes_async())
            if len(data) != min(most, size):
                raise SystemExit(f"{path} came short.")
            sizes.append(len(data))

    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return sizes


def run() -> dict[str, object]:
    sizes = asyncio.run(fetch())
    return {"rows": len(sizes), "bytes": sum(sizes)}


if __name__ == "__main__":
    measured(run, lambda: {"values": {}})
    time.sleep(
        0.1
    )  # its threads still hand over results, which aborts a process that ends at once, one in thirty
