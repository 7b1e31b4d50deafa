"""Headers of a folder of EDF recordings in a list, by others. Usage: headers_recordings.py mne|pyedflib FOLDER COUNT"""

import sys
from pathlib import Path

from measured import measured

how, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
found: dict[str, list[object]] = {}


def by_mne() -> dict[str, object]:
    for path in sorted(folder.glob("*.edf"))[:count]:
        raw = mne.io.read_raw_edf(path, preload=False, verbose="error")
        found[path.name] = [len(raw.ch_names), raw.info["sfreq"], int(raw.n_times)]
    return {"rows": len(found)}


def by_pyedflib() -> dict[str, object]:
    for path in sorted(folder.glob("*.edf"))[:count]:
        with pyedflib.EdfReader(str(path)) as reader:
            rates, lengths = set(reader.getSampleFrequencies()), set(reader.getNSamples())
            found[path.name] = [reader.signals_in_file, float(rates.pop()), int(lengths.pop())]
    return {"rows": len(found)}


if __name__ == "__main__":
    if how == "mne":
        import mne  # each contestant pays for its own imports alone

        by = by_mne
        # Parts of it are imported at their first use.
        mne.io.read_raw_edf(next(folder.glob("*.edf")), preload=False, verbose="error")
    else:
        import pyedflib  # as above

        by = by_pyedflib
    measured(by, lambda: {"values": found})
