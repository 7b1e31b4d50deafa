"""Documents: the small texts of a tree, each pulled once per content and kept in the ledger."""

import hashlib
import sys
from functools import lru_cache
from pathlib import Path

import polars as pl

from neurochain.chain.keys import argument_digests
from neurochain.chain.run import Run
from neurochain.chain.sources.index import CHUNK
from neurochain.chain.values.nested import nested_series
from neurochain.chain.values.reads import reads_of
from neurochain.datasets.hidden import ARG, HIDDEN, READS, READS_TYPE
from neurochain.datasets.ledger import Ledger
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Scalar
from neurochain.formats.identifiers import Identifiers
from neurochain.storage import File, ReadLog
from neurochain.storage.fetcher import Fetcher

LARGEST = 256_000_000  # bytes of a document
TEXTS = Schema([Field("text", Scalar("string")), Field("error", Scalar("string"))])


class Documents:
    """Texts of files, as far as they were asked for in a run.

    Parameters
    ----------
    run : Run
        Whose ledger and counts.
    identifiers : Identifiers
        What becomes of them.
    """

    def __init__(self, run: Run, identifiers: Identifiers) -> None:
        self._run = run
        self.identifiers = identifiers
        self._used: list[pl.DataFrame] = []

    def texts(self, files: pl.DataFrame) -> pl.DataFrame:
        """Texts of some files, in their order: ``text``, and ``error`` for one that is none.

        Parameters
        ----------
        files : DataFrame
            ``path``, ``uri``, ``size``, ``etag``, ``mtime``.
        """
        if not files.height:
            return pl.DataFrame(schema=TEXTS.leaves())
        ledger = Ledger(self._run.project, self.identifiers.key_with(fingerprint(__file__)))
        files = files.with_columns(argument_digests(files.select("uri", "etag")).alias(ARG))
        known = remembered(ledger, files[ARG], TEXTS, self._run.settings.reuse)
        missing = files.join(known, on=ARG, how="anti", maintain_order="left")
        if missing.height:
            known = pl.concat(
                [known, self._pull(missing.unique(ARG, keep="first", maintain_order=True), ledger)]
            )
        ledger.touch()
        found = files.join(known, on=ARG, how="left", maintain_order="left")
        self._used.append(found.select("path", "size", "etag", "mtime", READS))
        return found.select("text", "error")

    def used(self) -> pl.DataFrame:
        """Files whose texts were asked for, sorted by path: ``path``, ``size``, ``etag``, ``mtime`` and their reads."""
        if not self._used:
            return pl.DataFrame()
        return pl.concat(self._used).unique("path", keep="first").sort("path")

    def _pull(self, missing: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
        remote = bool(missing["uri"].str.contains("://", literal=True).any())
        counts = self._run.activity.counts
        frames = []
        with self._run.progress.step("metadata", missing.height, int(missing["size"].sum())) as progress:
            for chunk in missing.iter_slices(CHUNK):
                logs = [ReadLog(keeps=False) for _ in range(chunk.height)]  # the ledger keeps what they say
                rows = zip(chunk.select("uri", "size", "etag").iter_rows(), logs, strict=True)
                files = [File(uri, size, etag, None, log) for (uri, size, etag), log in rows]
                if remote:
                    self._fetch(files, logs)
                pulled = [self._text(file) for file in files]
                counts.bytes += (count := sum(log.bytes for log in logs))
                counts.requests += sum(log.requests for log in logs)
                progress.advance(chunk.height, count, sum(error is not None for _, error in pulled))
                columns = [
                    chunk[ARG],
                    nested_series(READS, [reads_of(log) for log in logs], READS_TYPE),
                    pl.Series("text", [text for text, _ in pulled], dtype=pl.String),
                    pl.Series("error", [error for _, error in pulled], dtype=pl.String),
                ]
                frames.append(pl.DataFrame(columns))
                ledger.append(frames[-1], TEXTS)
        return pl.concat(frames)

    def _fetch(self, files: list[File], logs: list[ReadLog]) -> None:
        """Pull files whole, many at a time."""
        wanted = [
            (log, [(file, 0, file.size)])
            for file, log in zip(files, logs, strict=True)
            if file.size <= LARGEST
        ]
        with Fetcher(self._run.settings.threads) as fetcher:
            for log, fetched in fetcher.fetch(wanted):
                for file, start, data in fetched:
                    log.offer(file.uri, start, data)

    def _text(self, file: File) -> tuple[str | None, str | None]:
        """Text of a file, or what is wrong with it."""
        if file.size > LARGEST:
            return None, f"{file.name} has {file.size:,} bytes; metadata have {LARGEST:,} at most."
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            return None, f"{file.name} is no UTF-8 text: {error}."
        try:
            return self.identifiers.cleaned(text) if file.suffix == ".json" else text, None
        except (ValueError, RecursionError) as error:
            return None, f"{file.name} is no JSON: {error}."


def remembered(ledger: Ledger, wanted: pl.Series, schema: Schema, reuse: bool) -> pl.DataFrame:
    """What a ledger holds of some rows: the hidden columns and the schema's."""
    known = ledger.known() if reuse else None
    columns = {**HIDDEN, **schema.leaves()}
    if known is None:
        return pl.DataFrame(schema=columns)
    rows = wanted.to_frame().lazy().unique()
    return known.join(rows, on=ARG, how="semi").select(list(columns)).collect()


@lru_cache(maxsize=8)
def fingerprint(*files: str | None) -> str:
    """Identity of the code in some files, which made what is remembered."""
    digest = hashlib.blake2b(f"{sys.version_info[:2]}".encode(), digest_size=16)
    for file in map(Path, filter(None, files)):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
