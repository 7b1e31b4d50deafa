"""Uses: what stands above the chain and is reached from it by name.

`Chain.to_pytorch` belongs to the loaders, which are built on chains. The chain names it here as an entry point
does, and imports nothing of it until somebody asks.
"""

from collections.abc import Callable
from typing import Any

from neurochain.chain.jobs import as_job
from neurochain.datasets.uses import reach

USES = {
    "class_weights": "neurochain.loaders.statistics:class_weights",
    "excerpt": "neurochain.timeline.recorded:excerpt_of",
    "excerpt_parts": "neurochain.timeline.recorded:parts_of",
    "import": "neurochain.export.bundle.importing:import_bundle",
    "is_reopened": "neurochain.tables.reopening:is_reopened",
    "mean_std": "neurochain.loaders.statistics:mean_std",
    "read_again": "neurochain.tables.reopening:read_again",
    "table_changes": "neurochain.tables.reopening:changes",
    "to_arrow": "neurochain.export.arrow:to_arrow",
    "to_csv": "neurochain.export.csv:to_csv",
    "to_datachain": "neurochain.export.datachain:to_datachain",
    "to_hdf5": "neurochain.export.hdf5:to_hdf5",
    "to_huggingface": "neurochain.export.huggingface:to_huggingface",
    "to_json": "neurochain.export.json:to_json",
    "to_litdata": "neurochain.export.litdata:to_litdata",
    "to_numpy_batches": "neurochain.loaders.arrays:to_numpy_batches",
    "to_parquet": "neurochain.export.parquet:to_parquet",
    "to_pytorch": "neurochain.loaders.pytorch:to_pytorch",
    "to_webdataset": "neurochain.export.webdataset:to_webdataset",
    "to_zarr": "neurochain.export.zarr:to_zarr",
}
ADAPTERS = {"datachain.lib.file.File": "neurochain.export.datachain:as_datachain_file"}
"""Classes of files that others define, with what makes one of a `File`."""


def use(name: str) -> Callable[..., Any]:
    """Function behind a use; one that takes rows elsewhere is a job."""
    found = reach(USES[name])
    return as_job(name, found) if name.startswith("to_") else found


def adapter_of(annotation: Any) -> Callable[[Any, Any], Any] | None:
    """What makes the file that a parameter is annotated with of ours; None for any other annotation.

    It takes the `File` and the annotated class, and is found by the name of that class or of one that it is
    derived from, so nothing of it is imported here.
    """
    for cls in getattr(annotation, "__mro__", ()):
        known = ADAPTERS.get(f"{cls.__module__}.{cls.__qualname__}")
        if known is not None:
            return reach(known)
    return None
