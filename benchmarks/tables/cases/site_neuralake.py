"""A catalog's site, by Neuralake's open release."""

import logging
import os
import sys
from pathlib import Path
from types import ModuleType

from datarepo.core.catalog import Catalog, ModuleDatabase
from datarepo.core.tables import Filter, ParquetTable, PartitioningScheme
from datarepo.export import web
from grown import grown

FOLDER, TABLES = sys.argv[1:]
os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "none"
logging.disable(logging.INFO)


def build() -> dict[str, object]:
    module = ModuleType("lab")
    for path in sorted(Path(FOLDER).iterdir()):
        table = ParquetTable(
            name=path.name,
            uri=str(path),
            partitioning=[],
            partitioning_scheme=PartitioningScheme.HIVE,
            description=f"The measurements of {path.name}.",
            docs_filters=[Filter("column_0", "<", 10)],
        )
        setattr(module, path.name, table)
    web.export_and_generate_site([("lab", Catalog({"lab": ModuleDatabase(module)}))], "site")
    size = sum(path.stat().st_size for path in Path("site").rglob("*") if path.is_file())
    return {"rows": int(TABLES), "values": {}, "bytes": size}


grown(build)
