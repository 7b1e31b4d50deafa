"""Catalogs from files: modules beside them, twice, and with what is wrong in them."""

from pathlib import Path

import pytest

import neurochain as nc
from neurochain.tables.loading import load_catalog

TABLES = '''"""Of {name}."""
from dataclasses import dataclass
import neurochain as nc

@dataclass
class Later:
    value: "int" = 0

spikes = nc.ParquetTable(name="{name}", uri="data")
'''
CATALOG = "import neurochain as nc\nimport tables_of_a_lab.implant\nfrom helper_of_a_lab import NAME\n"
MADE = 'catalog = nc.Catalog({"implant": tables_of_a_lab.implant}, name=NAME)\n'


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return made(tmp_path / "lab", "spikes")


def made(folder: Path, name: str) -> Path:
    (folder / "tables_of_a_lab").mkdir(parents=True)
    (folder / "tables_of_a_lab/__init__.py").touch()
    (folder / "tables_of_a_lab/implant.py").write_text(TABLES.format(name=name))
    (folder / "helper_of_a_lab.py").write_text(f"NAME = 'Lab of {name}'\n")
    (folder / "catalog.py").write_text(CATALOG + MADE)
    return folder / "catalog.py"


def test_modules_beside_it(lab: Path) -> None:
    found = load_catalog(lab)
    assert found.name == "Lab of spikes"
    assert found.db("implant").description == "Of spikes."
    assert list(found.db("implant")) == ["spikes"]


def test_another_folder_with_modules_of_the_same_names(lab: Path, tmp_path: Path) -> None:
    first = load_catalog(lab)
    second = load_catalog(made(tmp_path / "other", "lfp"))
    assert (list(first.db("implant")), list(second.db("implant"))) == (["spikes"], ["lfp"])
    assert list(load_catalog(lab).db("implant")) == ["spikes"]


def test_a_file_is_read_anew(lab: Path) -> None:
    load_catalog(lab)
    (lab.parent / "tables_of_a_lab/implant.py").write_text(TABLES.format(name="changed_since"))
    assert list(load_catalog(lab).db("implant")) == ["changed_since"]


def test_one_of_several(lab: Path) -> None:
    lab.write_text(CATALOG + MADE + "same = catalog\n")
    load_catalog(lab)
    lab.write_text(CATALOG + MADE + "other = nc.Catalog({}, name='Other')\n")
    with pytest.raises(
        nc.TableError, match=r"several catalogs: catalog, other. Name one: catalog\.py:catalog"
    ):
        load_catalog(lab)
    assert load_catalog(f"{lab}:other").name == load_catalog(lab, "other").name == "Other"
    with pytest.raises(nc.TableError, match=r"no catalog 'third'. It makes: catalog, other"):
        load_catalog(lab, "third")


def test_what_is_no_catalog(lab: Path) -> None:
    with pytest.raises(nc.TableError, match="There is no file"):
        load_catalog(lab.parent / "catalogue.py")
    lab.write_text("x = 1\n")
    with pytest.raises(nc.TableError, match=r"makes no catalog. Write catalog = nc"):
        load_catalog(lab)


def test_an_error_in_it_is_the_users(lab: Path) -> None:
    lab.write_text("import neurochain as nc\n1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        load_catalog(lab)
    lab.write_text(CATALOG + MADE)
    assert load_catalog(lab).name == "Lab of spikes"
