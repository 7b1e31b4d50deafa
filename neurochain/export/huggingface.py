"""To Hugging Face: a folder as ``Dataset.save_to_disk`` writes it, and the Dataset that reads it.

The library would write from a Dataset, so from files that hold all rows already. Its layout is Arrow streams, their
names (``state.json``) and what they are (``dataset_info.json``); `datasets` makes the features and the last of these,
and reads all of it back.
"""

import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurochain.chain.chain import Chain
from neurochain.chain.run import Run, batches
from neurochain.datasets.schema import Schema
from neurochain.errors import require
from neurochain.export.features import Features
from neurochain.export.origin import LINEAGE, document, dumped, metadata
from neurochain.export.target import folder_beside, note_export, rows_at_once

if TYPE_CHECKING:
    from datasets import Dataset

SHARD_BYTES = 500_000_000  # of Arrow, as in save_to_disk
STATE = "state.json"
MINE = (LINEAGE, STATE, "dataset_info.json", "data-*.arrow", "cache-*.arrow")  # the last are of map()


def to_huggingface(chain: Chain, folder: str | os.PathLike[str] | None = None) -> "Dataset":
    """Write all rows, and the Dataset that reads them; see `Chain.to_huggingface`."""
    hf: Any = require("datasets", "huggingface", "to_huggingface()")
    if folder is None:
        session = hf.fingerprint.get_temporary_cache_files_directory()
        return _written(hf, chain, Path(session, f"neurochain-{uuid.uuid4().hex}"))
    return _written(hf, chain, folder)


def _written(hf: Any, chain: Chain, folder: str | os.PathLike[str]) -> "Dataset":
    pa: Any = require("pyarrow", "huggingface", "to_huggingface()")
    with folder_beside(folder, "to_huggingface", *MINE) as (beside, target):
        state, run = chain.execute()
        schema = state.schema
        features = Features(hf, pa, schema)
        frames = batches(state.frame.select(list(schema.leaves())), rows_at_once(schema))
        kind = features.arrow_schema.with_metadata(
            {**features.arrow_schema.metadata, **metadata(schema, run)}
        )
        with run.progress.step(f"write {target.name}") as progress:

            def tables() -> Iterable[Any]:
                for batch in frames:
                    yield features.table(batch).cast(kind)
                    progress.advance(batch.height)

            names = _write_shards(pa, beside, kind, tables())
        _describe(hf, beside, names, features.features, schema, run)
        note_export(run, "huggingface", progress.rows)
    dataset: Dataset = hf.load_from_disk(str(target))
    return dataset


def _write_shards(pa: Any, folder: Path, kind: Any, tables: Iterable[Any]) -> list[str]:
    """Arrow streams, each of so many bytes; their names."""
    waiting = iter(tables)
    table = next(waiting, None)
    shards: list[Path] = []
    while table is not None or not shards:
        shards.append(folder / f"{len(shards)}.arrow")
        with shards[-1].open("wb") as file, pa.ipc.new_stream(file, kind) as writer:
            while table is not None and file.tell() < SHARD_BYTES:
                writer.write_table(table)
                table = next(waiting, None)
    names = [f"data-{i:05d}-of-{len(shards):05d}.arrow" for i in range(len(shards))]
    for shard, name in zip(shards, names, strict=True):
        shard.rename(folder / name)
    return names


def _describe(hf: Any, folder: Path, names: list[str], features: Any, schema: Schema, run: Run) -> None:
    about = dumped(document(schema, run, "huggingface"))
    (folder / LINEAGE).write_bytes(about)
    sources = [f"{i.reference['name']}@{i.reference['version']}" for i in run.activity.inputs if i.version]
    said = "Exported by neurochain" + (f" from {', '.join(sources)}." if sources else ".")
    hf.DatasetInfo(description=f"{said}\n\n{about.decode()}", features=features).write_to_directory(
        str(folder)
    )
    state: dict[str, Any] = {
        "_data_files": [{"filename": name} for name in names],
        "_fingerprint": uuid.uuid4().hex[:16],  # of what map() keeps: other rows must never have the same
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    (folder / STATE).write_text(json.dumps(state, indent=2, sort_keys=True))
