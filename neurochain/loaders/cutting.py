"""Cutting: a chain that ends in patches or windows, as rows whose values are read when a batch asks for them."""

import hashlib
from collections.abc import Callable

import numpy as np

from neurochain.chain.chain import Chain
from neurochain.chain.functions.arguments import bind_arguments
from neurochain.chain.functions.generation import Gen
from neurochain.chain.progress import Progress
from neurochain.chain.steps.drop import Drop
from neurochain.chain.steps.select import Select
from neurochain.errors import LoaderError
from neurochain.formats.recordings.windows import Windows
from neurochain.formats.volumes.patches import Patches
from neurochain.loaders.columns import Column, Files
from neurochain.loaders.cuts import Cuts, OfOrigin, Origin, Spec, opened_file, places_of, together
from neurochain.loaders.mapped import Mapped
from neurochain.loaders.maps import MapWriter, found, make_room
from neurochain.loaders.order import Indices
from neurochain.loaders.rows import Rows

SCHEME = "neurochain cuts 1"
PAGE = 1_000  # files that are opened, at a time


def cutting_step(chain: Chain) -> int | None:
    """Number of the step that cuts files, where only columns are chosen behind it; None where there is none such."""
    steps = chain.plan.steps
    behind = len(steps)
    while behind and isinstance(steps[behind - 1], Drop | Select):
        behind -= 1
    last = steps[behind - 1] if behind else None
    is_cut = isinstance(last, Gen) and isinstance(last.udf.function, Patches | Windows)
    return behind - 1 if is_cut else None


def cut_rows(chain: Chain, number: int, expand: Callable[[Chain], Rows], seed: int = 0) -> Rows:
    """Rows of a chain whose step of this number cuts files.

    Parameters
    ----------
    chain : Chain
        As `cutting_step` found it.
    number : int
        As `cutting_step` says.
    expand : callable
        Rows of any other chain.
    seed : int
        Of random windows.

    Raises
    ------
    LoaderError
        No column holds files.
    FormatError, ShapeError
        A file cannot be cut so.
    """
    step = chain.plan.steps[number]
    assert isinstance(step, Gen)
    spec: Spec = step.udf.function  # type: ignore[assignment]  # as `cutting_step` says
    before, name = chain.before(number), step.name or step.udf.name
    arguments = bind_arguments(step.udf, before.schema, step.takes, step.seed)
    if not arguments:
        raise LoaderError(f"{name}: there is no column of files to cut.")
    files = expand(before.select(arguments[0].column.path))
    (column,) = files.columns.values()
    if not isinstance(column, Files):
        raise LoaderError(
            f"{name}: {arguments[0].column.path!r} holds no files, and is cut already. Give it to map()."
        )
    identity = hashlib.sha256(f"{SCHEME} {files.identity} {spec!r}".encode()).hexdigest()
    ends, places = _places(column, files, spec, identity)
    count = int(ends.values[-1]) if files.count else 0
    origin = Origin(ends, files.chosen, count)
    cuts = Cuts(column, spec, origin, places, seed)
    kept = _kept(chain, number, before, name)
    others = [n for n in kept if n != name]
    known = expand(before.select(*others)).columns if others else {}
    given = iter(known.items())
    columns: dict[str, Column] = {}
    for wanted in kept:
        if wanted == name:
            columns[name] = cuts
        else:
            own, column_beside = next(given)
            columns[own] = OfOrigin(column_beside, origin)
    return Rows(columns, count, None, identity, drawn=isinstance(spec, Windows) and spec.random)


def _kept(chain: Chain, number: int, before: Chain, name: str) -> list[str]:
    """Names of the columns that the chain has in the end, of the files' rows and that of what is cut."""
    kept = [*before.schema, name]
    for step in chain.plan.steps[number + 1 :]:
        if isinstance(step, Drop):
            kept = [n for n in kept if n not in step.names]
        elif isinstance(step, Select):
            kept = list(step.names)
    return kept


def _places(files: Files, rows: Rows, spec: Spec, identity: str) -> tuple[Mapped, Mapped]:
    """Where files are cut: see `Cuts`. Each is opened once for all loaders of the same rows."""
    there = [found(f"{identity}-{part}") for part in ("ends", "places")]
    if there[0] is not None and there[1] is not None:
        return there[0], there[1]
    shape = (len(spec.shape), 2) if isinstance(spec, Patches) else (2,)
    dtype = np.dtype("<i8" if isinstance(spec, Patches) else "<f8")
    ends = MapWriter(np.dtype("<i8"), (), f"{identity}-ends")
    places = MapWriter(dtype, shape, f"{identity}-places")
    end = 0
    try:
        with Progress().step("where to cut", rows.count) as progress:
            for start in range(0, rows.count, PAGE):
                page: Indices = np.arange(start, min(start + PAGE, rows.count))
                opened = files.files(page if rows.chosen is None else rows.chosen[page])
                for place in together(
                    files.lies_far, lambda file: places_of(opened_file(file, spec), spec), opened
                ):
                    end += len(place)
                    places.add(place)
                    ends.add(np.array([end]))
                progress.advance(len(page))
        made = ends.close(), places.close()
    finally:
        ends.discard()
        places.discard()
    make_room([one.path for one in made])
    return made
