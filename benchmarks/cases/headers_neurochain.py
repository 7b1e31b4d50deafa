"""Headers of a folder of DICOM files, saved: neurochain. Usage: headers_neurochain.py FOLDER first|again

Again: the folder was read before, and nothing in it has changed.
"""

import sys

from measured import measured

import neurochain as nc

folder, how = sys.argv[1:]
nc.Chain  # noqa: B018, names are imported at their first use, and imports are not what is timed


def run() -> dict[str, object]:
    version = nc.read_storage(folder).save("headers")
    return {"rows": version.rows}


if how == "again":
    run()
measured(run)
bad = nc.read_dataset("headers").filter(nc.Column("header.error").is_not_null()).count()
sound = nc.read_dataset("headers").filter(nc.Column("header.format") == "dicom").count()
if bad or not sound:
    sys.exit(f"{bad} headers have errors, {sound} are DICOM: what was measured is not what was meant.")
