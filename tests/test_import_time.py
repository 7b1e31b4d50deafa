"""`import neurochain` brings nothing heavy. How long it takes is measured in docs/benchmarks.md, not here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = [
    *("torch", "pydicom", "nibabel", "polars", "pyarrow", "pandas", "sqlalchemy"),
    *("numpy", "pydantic", "fsspec", "rich", "typer", "asyncio", "multiprocessing"),
]


def loaded_by(code: str) -> set[str]:
    """Modules that are loaded after some code ran in a process of its own."""
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(ran.stdout.split())


def test_import_brings_nothing_heavy() -> None:
    found = {m.partition(".")[0] for m in loaded_by("import neurochain")} & set(HEAVY)
    assert not found, f"`import neurochain` loads {', '.join(sorted(found))}; import it where it is used"


def test_import_is_of_a_few_modules() -> None:
    ours = {m for m in loaded_by("import neurochain") if m.startswith("neurochain")}
    assert ours == {"neurochain", "neurochain.errors"}


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        (
            "import neurochain; neurochain.File",
            ["torch", "pydicom", "nibabel", "polars", "sqlalchemy", "fsspec"],
        ),
        ("import neurochain; neurochain.Column", ["torch", "pydicom", "nibabel", "polars", "pandas"]),
        ("import neurochain; neurochain.Header", ["torch", "pydicom", "nibabel", "polars", "sqlalchemy"]),
        (
            "import neurochain; neurochain.Chain",
            ["torch", "pydicom", "nibabel", "pyarrow", "pandas", "typer"],
        ),
        ("import neurochain.cli", ["torch", "pydicom", "nibabel", "polars", "sqlalchemy", "typer"]),
    ],
)
def test_a_name_brings_only_what_it_needs(code: str, forbidden: list[str]) -> None:
    found = {m.partition(".")[0] for m in loaded_by(code)} & set(forbidden)
    assert not found, f"`{code}` loads {', '.join(sorted(found))}"


def test_a_chain_without_files_imports_no_format_reader() -> None:
    loaded = loaded_by("import neurochain\nneurochain.read_values(x=[1]).select('x').schema")
    assert "neurochain.chain.chain" in loaded
    assert {m for m in loaded if m.startswith("neurochain.formats.") and m.endswith(".reader")} == {
        "neurochain.formats.reader"
    }


def test_core_works_without_the_extras(tmp_path: Path) -> None:
    # The extras are hidden from the process: a chain runs, and a missing extra says its line.
    code = """
import sys
for name in ("torch", "pyarrow", "pandas", "nibabel"):
    sys.modules[name] = None
import neurochain as nc
chain = nc.read_values(x=[1, 2, 3]).map(y=lambda x: x * 2)
chain.save("numbers")
assert nc.read_dataset("numbers").collect()["y"].to_list() == [2, 4, 6]
for verb, extra in (("to_pytorch", "torch"), ("to_arrow", "arrow"), ("to_pandas", "pandas")):
    try:
        getattr(chain, verb)()
    except nc.MissingExtraError as error:
        assert f"pip install 'neurochain[{extra}]'" in str(error), str(error)
    else:
        raise SystemExit(f"{verb}() worked without its extra")
"""
    home = {**os.environ, "NEUROCHAIN_HOME": str(tmp_path / ".neurochain")}
    ran = subprocess.run([sys.executable, "-c", code], env=home, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
