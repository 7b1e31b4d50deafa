"""The face of the package: one sorted list of names, each of them there and documented."""

import inspect
import subprocess
import sys
from importlib.metadata import version

import pytest

import neurochain as nc
from neurochain import errors

MOST_MEMBERS = 30
VALUES = {"__version__"}  # no docstring of their own


def test_names_are_sorted_and_unique() -> None:
    assert nc.__all__ == sorted(set(nc.__all__))


def test_dir_shows_the_names() -> None:
    assert set(nc.__all__) <= set(dir(nc))


@pytest.mark.parametrize("name", nc.__all__)
def test_name_is_there_and_documented(name: str) -> None:
    found = getattr(nc, name)
    if name not in VALUES:
        said = inspect.getdoc(type(found) if inspect.ismodule(found) else found)
        assert said, f"neurochain.{name} has no docstring"
        assert said != inspect.getdoc(object), f"neurochain.{name} has no docstring of its own"


@pytest.mark.parametrize("name", nc.__all__)
def test_public_members_are_few_and_documented(name: str) -> None:
    found = getattr(nc, name)
    members = vars(found) if inspect.isclass(found) else {}
    public = {m: v for m, v in members.items() if not m.startswith("_")}
    silent = [
        m
        for m, value in public.items()
        if (inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod))
        and not inspect.getdoc(value)
    ]
    assert not silent, f"neurochain.{name}: no docstring for {', '.join(silent)}"
    assert len(public) <= MOST_MEMBERS, (
        f"neurochain.{name} has {len(public)} public members: {', '.join(public)}"
    )


def test_every_error_is_public() -> None:
    assert set(errors.__all__) <= set(nc.__all__)
    for name in errors.__all__:
        assert getattr(nc, name) is getattr(errors, name)
        assert issubclass(getattr(errors, name), errors.NeurochainError | UserWarning)


def test_every_error_is_also_a_builtin() -> None:
    for name in set(errors.__all__) - {"NeurochainError"}:
        above = getattr(errors, name).__mro__
        assert any(c.__module__ == "builtins" and c not in (Exception, BaseException, object) for c in above)


def test_the_error_tree_is_drawn() -> None:
    assert errors.__doc__ is not None
    missing = [name for name in errors.__all__ if name not in errors.__doc__]
    assert not missing, f"The tree in errors.py does not show {', '.join(missing)}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        nc.no_such_name  # noqa: B018, the lookup is the test


def test_names_come_whatever_is_imported_first() -> None:
    # A subpackage sets itself as an attribute of the face; `datasets` must stay callable then.
    code = (
        "import neurochain.datasets, neurochain.formats, neurochain.storage\n"
        "import neurochain as nc\n"
        "assert callable(nc.datasets)\n"
        "[getattr(nc, name) for name in nc.__all__]\n"
        "assert callable(nc.datasets)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_version_is_that_of_the_distribution() -> None:
    assert nc.__version__ == version("neurochain")
