"""The picture in the design, proved from the imports: they point down, and the two wings never meet.

::

    cli                         what a person types
    web  |  report              what a person looks at: served, and as one file
    loaders  export  tables     uses of a dataset version
    timeline                    several recordings on one clock
    chain                       lazy plan, UDFs, fingerprints, executors
    formats  |  datasets        neuro wing | engine wing
    storage  |  pictures        bytes where they lie; what is drawn of arrays, which knows of no file
    errors

`testing`, which ships the conformance suites, stands beside the picture: it sees what lies below the chain.
"""

from pathlib import Path

import pytest
from source_tree import PACKAGE, REPOSITORY, Import, circle, comments, imports, modules, python_files, words

LAYERS = [
    {"errors"},
    {"storage", "pictures"},
    {"formats", "datasets"},
    {"chain"},
    {"timeline"},
    {"loaders", "export", "tables"},
    {"web", "report"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
FACE = {"cli", "web"}  # they use the package as a user does
TESTING_SEES = {"errors", "storage", "formats", "datasets", "testing"}
SEES_TESTING = FACE

NEURO_WORDS = {
    *("dicom", "nifti", "edf", "bdf", "bids", "nwb", "mri", "eeg", "meg", "fmri", "brain", "neuro"),
    *("volume", "recording", "voxel", "affine", "channel", "subject", "patient", "acquisition"),
}  # not "scan": that is how Polars calls reading Parquet lazily
DATASET_WORDS = {"lineage", "ledger", "parquet", "sqlite", "sqlalchemy", "polars", "udf", "fingerprint"}
THEIRS_TOO = (
    "dataset"  # a class of pydicom, and an array of HDF5: a word of the files that have to do with either
)
SAYS_IT_TOO = {PACKAGE / "formats/zarr/ome.py"}  # the key under which OME-Zarr lists levels

MOST_LINES = 400


def part(module: str) -> str:
    """Top-level part of the package that a module belongs to; empty for the face itself."""
    return module.partition("neurochain.")[2].partition(".")[0]


def ours(file: Path) -> list[Import]:
    return [i for i in imports(file) if i.module.split(".")[0] == "neurochain"]


def test_every_part_has_its_layer() -> None:
    found = {part(m) for m in modules()} - {"", "testing"}
    assert found <= RANK.keys(), (
        f"neurochain/ holds {sorted(found - RANK.keys())}, which the design's picture does not show. "
        "Put the code into a part that is there, or change the design first, and then LAYERS in this file."
    )


def test_imports_point_down() -> None:
    wrong = []
    for name, file in modules().items():
        here = part(name)
        for found in ours(file):
            there = part(found.module)
            if not _may_import(here, there, found):
                wrong.append(f"{found.where}: {name} imports {found.module}")
    assert not wrong, (
        "Imports point down, never up and never between formats and datasets:\n  " + "\n  ".join(wrong)
    )


def _may_import(here: str, there: str, found: Import) -> bool:
    if here == there:
        return True
    if here == "":  # the face names everything, for type checkers alone; what it runs is the error tree
        return found.for_types or there == "errors"
    if there == "":
        return here in FACE
    if here == "testing":
        return there in TESTING_SEES
    if there == "testing":
        return here in SEES_TESTING
    return RANK[there] < RANK[here]


def test_no_circles() -> None:
    graph = {
        name: {i.module for i in ours(file) if not i.for_types and i.module != name}
        for name, file in modules().items()
    }
    found = circle(graph)
    assert found is None, "These modules import one another in a circle:\n  " + "\n  ".join(
        _edge(a, b) for a, b in zip(found, [*found[1:], found[0]], strict=True)
    )


def _edge(importer: str, imported: str) -> str:
    line = next(i for i in ours(modules()[importer]) if i.module == imported and not i.for_types)
    return f"{line.where}: {importer} imports {imported}"


def test_imports_are_absolute() -> None:
    wrong = [
        f"{file.relative_to(REPOSITORY)}:{number}"
        for file in python_files()
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if line.lstrip().startswith("from .")
    ]
    assert not wrong, f"Write the whole name (from neurochain.storage import File): {', '.join(wrong)}"


def test_imports_inside_functions_say_why() -> None:
    wrong = [
        f"{i.where}: {i.module}"
        for file in python_files()
        for i in imports(file)
        if i.in_function and not i.for_types and not i.comment
    ]
    assert not wrong, (
        "Imports stand at the top of a file. One inside a function carries its reason in a comment on its "
        "line (an optional extra, or what it costs to import):\n  " + "\n  ".join(wrong)
    )


def test_the_engine_wing_holds_no_neuro_word() -> None:
    _no_words("datasets", NEURO_WORDS, frozenset())


def test_the_neuro_wing_holds_no_dataset_word() -> None:
    hdf5 = PACKAGE / "formats" / "hdf5"
    with_them = {
        file
        for file in python_files(PACKAGE / "formats")
        if file.is_relative_to(hdf5)
        or any(i.module.startswith(("pydicom", "neurochain.formats.hdf5")) for i in imports(file))
    }
    _no_words("formats", DATASET_WORDS | {THEIRS_TOO}, frozenset(with_them | SAYS_IT_TOO))


def _no_words(wing: str, forbidden: set[str], may_say_dataset: frozenset[Path]) -> None:
    wrong = []
    for file in python_files(PACKAGE / wing):
        for line, word in words(file):
            allowed = word.removesuffix("s") == THEIRS_TOO and file in may_say_dataset
            if (word in forbidden or word.removesuffix("s") in forbidden) and not allowed:
                wrong.append(f"{file.relative_to(REPOSITORY)}:{line}: {word}")
    assert not wrong, f"neurochain/{wing}/ knows nothing of these; say it in the wing's own terms:\n  " + (
        "\n  ".join(wrong)
    )


def test_ready_made_functions_know_no_chain() -> None:
    wrong = [
        f"{i.where}: {i.module}"
        for file in python_files(REPOSITORY / "udfs")
        for i in imports(file)
        if part(i.module) not in ("", "storage", "formats", "errors")
    ]
    assert not wrong, "udfs/ holds plain functions on files and arrays:\n  " + "\n  ".join(wrong)


@pytest.mark.parametrize("folder", ["neurochain", "tests", "benchmarks", "udfs"])
def test_files_stay_short(folder: str) -> None:
    lengths = {file: len(file.read_text("utf-8").splitlines()) for file in python_files(REPOSITORY / folder)}
    wrong = [f"{file.relative_to(REPOSITORY)}: {n}" for file, n in sorted(lengths.items()) if n > MOST_LINES]
    assert not wrong, f"Files have at most {MOST_LINES} lines, one noun each. Split:\n  " + "\n  ".join(wrong)


def test_nothing_is_left_for_later() -> None:
    wrong = [
        f"{file.relative_to(REPOSITORY)}:{line}: {text}"
        for file in python_files()
        for line, text in comments(file).items()
        if text.startswith(("TODO", "FIXME", "XXX"))
    ]
    assert not wrong, "Do it, or open an issue:\n  " + "\n  ".join(wrong)


def test_tests_have_names_of_their_own() -> None:
    """Pytest imports test files by their last names, and fails where two have one."""
    names = [
        path.name
        for path in (REPOSITORY / "tests").rglob("*.py")
        if path.name not in ("conftest.py", "__init__.py")
    ]
    assert not {name for name in names if names.count(name) > 1}
