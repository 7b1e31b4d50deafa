"""A catalog's site, by neurochain."""

import sys
from importlib import import_module
from pathlib import Path

from grown import grown

import neurochain as nc

FOLDER, TABLES = sys.argv[1:]
build_site = import_module("neurochain.tables.site.building").build_site


def build() -> dict[str, object]:
    tables = [
        nc.ParquetTable(
            name=path.name,
            uri=str(path),
            description=f"The measurements of {path.name}.",
            owner="bci",
            docs_filters=[nc.Filter("column_0", "<", 10)],
        )
        for path in sorted(Path(FOLDER).iterdir())
    ]
    build_site(nc.Catalog({"lab": tables}), "site")
    size = sum(path.stat().st_size for path in Path("site").rglob("*") if path.is_file())
    return {"rows": len(tables), "values": {}, "bytes": size}


grown(build)
