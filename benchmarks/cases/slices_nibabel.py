"""One time point of each image, its mean in a list: nibabel. Usage: slices_nibabel.py FOLDER|BUCKET COUNT [ENDPOINT]

From a bucket the image is downloaded to a temporary file first, as nibabel reads files.
"""

import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np
from measured import measured

place, count = sys.argv[1], int(sys.argv[2])
found: dict[str, list[float]] = {}


def mean(path: Path) -> list[float]:
    image = nibabel.load(path)
    return [float(np.mean(np.asarray(image.dataobj[..., image.shape[-1] // 2])))]


def run() -> dict[str, object]:
    for path in sorted(Path(place).glob("*.nii.gz"))[:count]:
        found[path.name] = mean(path)
    return {"rows": len(found)}


def downloaded() -> dict[str, object]:
    names = sorted(one["path"] for page in obstore.list(store) for one in page)
    with tempfile.TemporaryDirectory() as folder:
        for name in names[:count]:
            path = Path(folder) / name
            path.write_bytes(obstore.get(store, name).bytes())
            found[name] = mean(path)
            path.unlink()
    return {"rows": len(found)}


if __name__ == "__main__":
    if len(sys.argv) > 3:
        import obstore  # from a bucket alone
        from obstore.store import S3Store

        store = S3Store(
            place,
            endpoint=sys.argv[3],
            region="us-east-1",
            skip_signature=True,
            client_options={"allow_http": True},
        )
        measured(downloaded, lambda: {"values": found})
    else:
        measured(run, lambda: {"values": found})
