"""A catalog's site, by neurochain."""

import sys
from pathlib import Path

from grown import grown

import neurochain as nc
from neurochain.tables.site.building import build_site

FOLDER, TABLES = sys.argv[1:]


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
