"""Formats of other packages: a real package in a folder on the path, in a process of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TINY = Path(__file__).parent / "tiny"
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def site(tmp_path):
    """Folder as pip leaves it, with the package in it."""
    return install(tmp_path / "site", "neurochain-tiny", "neurochain_tiny:TinyReader")


def install(folder, package, *entries, version="0.1"):
    folder.mkdir(exist_ok=True)
    info = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    lines = [f"{package}{i} = {entry}" for i, entry in enumerate(entries)]
    (info / "entry_points.txt").write_text("[neurochain.formats]\n" + "\n".join(lines) + "\n")
    shutil.copyfile(TINY / "neurochain_tiny.py", folder / "neurochain_tiny.py")
    return folder


def run(site, *arguments, cwd=REPOSITORY):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(REPOSITORY)])}
    ran = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=cwd, check=False
    )
    return ran.returncode, ran.stdout, ran.stderr


def test_a_package_passes_the_suite_and_gives_a_column(site, tmp_path):
    code, out, _ = run(site, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", str(TINY / "suite.py"))
    assert code == 0, out
    assert "passed" in out


def test_importing_the_package_first_is_no_circle(site):
    code, out, error = run(
        site,
        "-W",
        "error",
        "-c",
        "import neurochain_tiny, neurochain.formats as f; print(f.readers()[-2].name)",
    )
    assert (code, out) == (0, "tiny\n"), error


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("no_such_module:Reader", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("neurochain_tiny:HEAD", "Struct is no Reader, it has no name, formats"),
        ("broken:Raises", "RuntimeError: not today"),
        ("broken:Dicom", "'dicom', 'nifti' is there already"),
        ("broken:Name", "no name of a column"),
        ("broken:Formats", "must be a tuple of texts"),
        ("broken:Array", "'volume' or 'recording'"),
        ("broken:Suffixes", "endings in lower case"),
        ("broken:HeadSize", "a number of bytes"),
        ("broken:Companions", "must be a mapping"),
        ("broken:Record", "no pydantic model"),
        ("broken:Field", "field spacing must be null by default"),
        ("broken:Kind", "field spacing must be null by default"),
        ("neurochain_tiny:TinyReader", "'tiny' is there already"),
    ],
)
def test_a_broken_one_is_a_warning_that_names_it(tmp_path, entry, said):
    site = install(tmp_path / "site", "a-good-one", "neurochain_tiny:TinyReader")
    install(site, "zz-broken", entry, version="7.3")
    (site / "broken.py").write_text(BROKEN)
    code, out, error = run(
        site, "-c", "from neurochain.formats import readers; print(*[r.name for r in readers()])"
    )
    assert code == 0, error
    assert out.split()[-2] == "tiny"
    assert out.split()[:2] == ["dicom", "nifti"]
    assert error.count("BrokenFormatWarning") == 1
    assert "of the package zz-broken 7.3 cannot be used" in error
    assert said in error


BROKEN = """
from neurochain_tiny import BaseModel, TinyReader

class Raises(TinyReader):
    def __init__(self): raise RuntimeError("not today")
class Dicom(TinyReader): name, formats = "dicom", ("nifti",)
class Name(TinyReader): name = "no name"
class Other(TinyReader): name, formats = "other", ("other",)
class Formats(Other): formats = "other"
class Array(Other): array = "video"
class Suffixes(Other): suffixes = (".TINY",)
class HeadSize(Other): head_size = 0.5
class Companions(Other): companions = [".a"]
class Record(Other): record = dict
class Strict(BaseModel): spacing: float
class Field(Other): record = Strict
class Odd(BaseModel): spacing: complex | None = None
class Kind(Other): record = Odd
"""


def test_another_version_or_source_reads_headers_again(site):
    code = "from neurochain.chain.sources.headers import reader_fingerprint; print(reader_fingerprint())"

    def fingerprint():
        status, out, error = run(site, "-c", code)
        assert status == 0, error
        return out

    first = fingerprint()
    assert fingerprint() == first
    (site / "neurochain_tiny-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: neurochain-tiny\nVersion: 0.2\n"
    )
    second = fingerprint()
    module = site / "neurochain_tiny.py"
    module.write_text(module.read_text() + "\n# mended\n")
    third = fingerprint()
    shutil.rmtree(site / "neurochain_tiny-0.1.dist-info")
    assert len({first, second, third, fingerprint()}) == 4


def test_import_of_neurochain_loads_no_package(site):
    code = "import sys, neurochain, neurochain.formats; print('neurochain_tiny' in sys.modules)"
    assert run(site, "-c", code)[:2] == (0, "False\n")
