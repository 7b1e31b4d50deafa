"""Records that chains give can be handed to Arrow."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydicom.data import get_testdata_file

import neurochain as nc

if TYPE_CHECKING:
    from neurochain.datasets.project import Project


def test_records_of_which_most_fields_are_null(project: "Project", tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    for name in ("MR_small.dcm", "CT_small.dcm"):
        (tmp_path / "scans" / name).write_bytes(Path(str(get_testdata_file(name))).read_bytes())
    nc.read_storage(str(tmp_path / "scans")).save("scans")
    for frame in (nc.read_storage(str(tmp_path / "scans")).collect(), nc.read_dataset("scans").collect()):
        table = frame.to_arrow()
        table.validate(full=True)
        assert table.to_pylist() == frame.to_dicts()
