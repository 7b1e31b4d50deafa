"""Headers of a folder of DICOM files, saved: DataChain.

Usage: headers_datachain.py ADDRESS PREFETCH PROCESSES BLOCK KEYWORDS [ENDPOINT]

Tuned by PREFETCH (files that are fetched whole ahead; 0: none), PROCESSES, and BLOCK (bytes that are read at a time).
pydicom stops before the pixels and parses only the elements that are asked for. Values are kept as texts, which is
less work than their types.
"""

import sys

import datachain as dc
from measured import measured
from pydantic import create_model
from pydicom import dcmread

address, keywords = sys.argv[1], sys.argv[5].split(",")
prefetch, processes, block = (int(a) for a in sys.argv[2:5])
there: dict[str, object] = {}
if len(sys.argv) > 6:
    # The versions of each object are not asked for: the stand-in for a bucket has none.
    there = {"anon": True, "versions": False, "client_config": {"aws_endpoint_url": sys.argv[6]}}

Header = create_model("Header", __base__=dc.DataModel, **dict.fromkeys(keywords, (str | None, None)))


def read(file: dc.File) -> Header:
    with file.open(block_size=block) as stream:
        found = dcmread(stream, stop_before_pixels=True, specific_tags=keywords)
    return Header(**{k: str(found[k].value) for k in keywords if k in found})


def run() -> dict[str, object]:
    chain = dc.read_storage(address, **there).settings(prefetch=prefetch)
    if processes > 1:
        chain = chain.settings(parallel=processes)
    return {"rows": chain.map(header=read).save("headers").count()}


def check() -> dict[str, object]:
    """Values by path, as the other cases have them."""
    rows = dc.read_dataset("headers").to_list("file", "header")
    return {"values": {"/".join(file.path.split("/")[-2:]): values(header) for file, header in rows}}


def values(header: Header) -> list[object]:
    def number(text: str | None, kind: type) -> object:
        return None if text in (None, "", "None") else kind(text)

    return [
        header.SOPInstanceUID,
        number(header.InstanceNumber, int),
        number(header.EchoTime, float),
        number(header.Rows, int),
    ]


if __name__ == "__main__":
    dc.read_values(x=[0]).map(y=lambda x: x, output=int).save("warm")  # makes its database
    measured(run, check)
