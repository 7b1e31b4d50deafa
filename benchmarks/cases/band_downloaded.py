"""Power between 8 and 13 Hz of one channel in 30 s of each recording, in a list: downloaded by obstore, read by pyedflib.

Usage: band_downloaded.py BUCKET CHANNEL START END ENDPOINT COUNT AT_ONCE
"""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import obstore
import pyedflib
from measured import measured
from obstore.store import S3Store
from scipy.signal import welch

bucket, channel = sys.argv[1:3]
start, end, count, at_once = (int(sys.argv[place]) for place in (3, 4, 6, 7))
store = S3Store(
    bucket, endpoint=sys.argv[5], region="us-east-1", skip_signature=True, client_options={"allow_http": True}
)
found: dict[str, list[float]] = {}


def alpha(path: Path) -> float:
    with pyedflib.EdfReader(str(path)) as reader:
        place = reader.getSignalLabels().index(channel)
        rate = round(reader.getSampleFrequency(place))
        signal = reader.readSignal(place, start * rate, (end - start) * rate)
    frequencies, density = welch(signal, rate, nperseg=2 * rate)
    return float(density[(frequencies >= 8) & (frequencies < 13)].sum() * frequencies[1])


def run() -> dict[str, object]:
    names = sorted(one["path"] for page in obstore.list(store) for one in page)[:count]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(at_once) as pool:

        def one(name: str) -> None:
            path = Path(folder) / name
            with open(path, "wb") as file:
                for chunk in obstore.get(store, name):
                    file.write(chunk)
            found[name] = [alpha(path)]
            path.unlink()

        list(pool.map(one, names))
    return {"rows": len(found)}


if __name__ == "__main__":
    welch(np.zeros(256), 128)  # some of scipy is imported at its first use
    measured(run, lambda: {"values": found})
