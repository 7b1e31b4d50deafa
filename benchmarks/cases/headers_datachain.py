"""Headers of a folder of DICOM files, saved: DataChain. Usage: headers_datachain.py FOLDER PROCESSES KEYWORDS

Tuned: nothing is prefetched (by default whole files are), pydicom stops before the pixels, parses only the elements
that are asked for, and reads in small blocks. Values are kept as texts, which is less work than their types.
"""

import sys

import datachain as dc
from measured import measured
from pydantic import create_model
from pydicom import dcmread

folder, processes, keywords = sys.argv[1], int(sys.argv[2]), sys.argv[3].split(",")

Header = create_model("Header", __base__=dc.DataModel, **dict.fromkeys(keywords, (str | None, None)))


def read(file: dc.File) -> Header:
    with file.open(block_size=4096) as stream:
        found = dcmread(stream, stop_before_pixels=True, specific_tags=keywords)
    return Header(**{k: str(found[k].value) for k in keywords if k in found})


def run() -> dict[str, object]:
    chain = dc.read_storage(f"file://{folder}").settings(prefetch=0)
    if processes > 1:
        chain = chain.settings(parallel=processes)
    saved = chain.map(header=read).save("headers")
    return {"rows": saved.count(), "modalities": saved.distinct("header.Modality").count()}


if __name__ == "__main__":
    measured(run)
