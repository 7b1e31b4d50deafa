"""param: values that a script takes from its caller."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import neurochain as nc
from neurochain.chain import parameters
from neurochain.errors import ParameterError

SCRIPT = """
import neurochain as nc

THRESHOLD = nc.param("threshold", 0.8)


def above(x: float) -> bool:
    return x > THRESHOLD


nc.read_values(x=[0.5, 0.85, 0.95]).map(above=above).filter(nc.Column("x") < nc.param("most", 2)).save("v")
"""


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "_asked", {})
    monkeypatch.setattr(sys, "argv", ["script.py"])


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        (0.8, "0.9", 0.9),
        (0.8, "1", 1.0),
        (3, "-4", -4),
        (True, "no", False),
        (False, "1", True),
        ("a", "b=c", "b=c"),
        ([1], "[1, 2]", [1, 2]),
        ({}, '{"a": 1}', {"a": 1}),
    ],
)
def test_types_are_those_of_the_defaults(
    default: object, text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nc.param("p", default) == default
    monkeypatch.setenv("NEUROCHAIN_PARAM_P", text)
    found = nc.param("p", default)
    assert (found, type(found)) == (value, type(value))
    monkeypatch.setattr(sys, "argv", ["script.py", "--other", "--param", f"p={text}"])
    monkeypatch.setenv("NEUROCHAIN_PARAM_P", "nonsense")
    assert nc.param("p", default) == value
    assert parameters.asked_parameters() == {"p": {"value": value, "from": "command line"}}


@pytest.mark.parametrize(
    ("call", "argv", "message"),
    [
        (lambda: nc.param("p"), [], r"no default. Give it: --param p=…, or NEUROCHAIN_PARAM_P=…"),
        (lambda: nc.param("p", 1), ["--param", "p=x"], r"--param p=x: p is of the type int, such as 1"),
        (lambda: nc.param("p", True), ["--param=p=2"], r"p is of the type bool"),
        (lambda: nc.param("p", [1]), ["--param=p={}"], r"p is of the type list"),
        (lambda: nc.param("p", object()), ["--param=p=2"], r"a default is a number"),
        (lambda: nc.param("p q", 1), [], r"a plain name"),
        (lambda: nc.param("p", 1), ["--param", "p"], r"write --param name=value"),
    ],
)
def test_what_cannot_be_used(call, argv: list[str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(sys, "argv", ["script.py", *argv])
    with pytest.raises(ParameterError, match=message):
        call()


def test_a_script_and_its_lineage(folder: Path) -> None:
    (folder / "study.py").write_text(SCRIPT)

    def command(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=folder
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    command("study.py")
    command("-m", "neurochain.cli", "run", "--param", "threshold=0.9", "study.py")
    command("study.py", "--param", "threshold=0.99")
    rows = [nc.read_dataset(f"v@1.0.{i}").collect()["above"].to_list() for i in range(3)]
    assert rows == [[False, True, True], [False, False, True], [False, False, False]]
    version = nc.dataset("v@1.0.1")
    asked = version.lineage().activity["parameters"]
    assert asked == {
        "threshold": {"value": 0.9, "from": "command line"},
        "most": {"value": 2, "from": "default"},
    }
    assert "threshold = 0.9 (command line)" in str(version.lineage())
    assert "THRESHOLD: 0.8 became 0.9" in str(version.explain())
    assert version.reproduce(yes=True).outcome == "identical"
    wrong = command("-m", "neurochain.cli", "run", "--param", "treshold=0.9", "study.py", code=2)
    assert "--param treshold=… was not asked for. Did you mean 'threshold'?" in wrong


def test_secrets_are_not_recorded(folder: Path) -> None:
    nc.param("password", "hush-hush")
    version = nc.read_values(x=[1]).save("v")
    assert "hush-hush" not in json.dumps(version.lineage().activity)
    assert version.lineage().activity["parameters"] == {
        "password": {"value": "<not shown>", "from": "default"}
    }
