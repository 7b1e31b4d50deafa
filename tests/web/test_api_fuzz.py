"""Whatever is asked of the server, as its own description says or not: an answer that meets the description, and never a 5xx."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from starlette.testclient import TestClient

import neurochain as nc
from neurochain.datasets.project import Project, find_project
from neurochain.testing.edf import write_edf
from neurochain.web.api.endpoints import ENDPOINTS, EVENTS
from neurochain.web.api.parameters import Real, Whole
from neurochain.web.media.endpoints import MEDIA
from neurochain.web.server.app import make_app
from neurochain.web.server.guard import App, Session

ENDLESS = {e.path for e in (*ENDPOINTS, *MEDIA) if EVENTS in e.content}
ASKED = [(e.path, e.method) for e in (*ENDPOINTS, *MEDIA) if e.path not in ENDLESS]
SMALL = {p.name for e in (*ENDPOINTS, *MEDIA) for p in e.parameters if isinstance(p, Whole | Real)}
HOST = "testserver"
HEADERS = {"authorization": "Bearer t"}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
LONG = int(os.environ.get("EXAMPLES", "300"))

load_all_checks()


class Asked:
    """A server in this process, and what it says can be asked."""

    def __init__(self, project: Project) -> None:
        self.app: App = make_app(project, Session("t", frozenset([HOST]), 8765))
        self.client = TestClient(self.app, headers=HEADERS)
        self.document: dict[str, Any] = self.client.get("/api/openapi.json").json()
        self.schema = schemathesis.openapi.from_dict(self.document)
        self.schema.app = self.app
        self.scenes = list(self._scenes())

    def _scenes(self) -> Iterator[dict[str, list[str]]]:
        """What there is, together: put in the place of what chance has made, or nothing would ever be found."""
        common = {
            "name": ["given", "files"],
            "old": ["given@1.0.0", "given"],
            "new": ["given@1.0.1", "features"],
            "part": [""],
            "series": ["0"],
            "channels": ["", "0", "0-1"],
            "filter": ["", '[["x", ">", 2]]', '[["name", "contains", "a"]]', '[["many", "includes", 1]]'],
        }
        columns = {
            "files": (["header.shape", "file.size", "file.path"], ["file"]),
            "given": (["x", "name", "score", "many", "big"], ["x"]),
            "features": (["x", "signal"], ["signal"]),
        }
        for ref, (paths, arrays) in columns.items():
            named = {
                "path": paths,
                "sort": ["", *paths],
                "columns": ["", *paths, ",".join(paths)],
                "column": arrays,
            }
            for row in self.client.get("/api/rows", params={"ref": ref, "limit": 4}).json()["rows"]:
                yield common | named | {"ref": [ref], "key": [row["key"]]}

    def check(self, case: Any, names: tuple[str, ...]) -> Any:
        """Ask, and look at the answer."""
        answer = case.call(headers=HEADERS)
        checks = [schemathesis.checks.CHECKS.get_one(name) for name in names]
        case.validate_response(answer, checks=checks, headers=HEADERS)
        if answer.status_code >= 400:
            error = json.loads(answer.content)["error"]
            assert error["what"]
            assert len(error["message"]) > 10
        return answer


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NEUROCHAIN_HOME", str(folder / ".neurochain"))
        patch.setenv("NEUROCHAIN_CACHE", str(folder / ".cache"))
        yield Asked(made(folder))


def signal(x: int) -> np.ndarray[Any, Any]:
    return np.arange(6, dtype=np.float32).reshape(2, 3) + x


def made(folder: Path) -> Project:
    data = folder / "data"
    data.mkdir()
    write_edf(data / "a.edf", np.random.default_rng(1).normal(0, 9, (3, 2000)), 100, ["x", "y", "z"])
    values = np.random.default_rng(2).integers(0, 99, (6, 5, 4, 2)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), data / "b.nii")
    (data / "c.txt").write_text("text")
    nc.read_storage(data).save("files")
    given = nc.read_values(
        x=range(12),
        name=["a", None, "<b>", "é", "x" * 500, ""] * 2,
        score=[0.5, float("nan"), float("inf"), None] * 3,
        many=[[1, 2], [], None, [3]] * 3,
        big=[2**60, -(2**60), 0, None] * 3,
    )
    given.save("given", description="Made rows", labels=["made"])
    given.filter(nc.Column("x") > 3).save("given")
    nc.read_dataset("given").map(signal).save("features")
    found = find_project(create=False)
    assert found is not None
    return found


def test_everything_that_can_be_asked_is_described_and_nothing_else(asked: Asked) -> None:
    app: Any = asked.app
    routes = {
        (route.path, method.lower())
        for route in app._app.routes
        for method in route.methods - {"HEAD"}
        if route.path.startswith(("/api/", "/media/"))
    }
    described = {(path, method) for path, methods in asked.document["paths"].items() for method in methods}
    assert routes == described
    for path, methods in asked.document["paths"].items():
        for said in methods.values():
            assert len(said["summary"]) > 10, path
            assert all(len(one["description"]) > 3 for one in said["parameters"]), path


def test_what_is_read_of_a_request_is_declared(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """One declaration: a parameter that is read and not declared would be one that nobody hears of."""
    read: set[str] = set()

    class Noted(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            read.add(name)
            return super().get(name, default)

    for module in ("neurochain.web.server.app", "neurochain.web.media.routes"):
        monkeypatch.setattr(f"{module}.dict", lambda given: Noted(given), raising=False)
    client = TestClient(asked.app, headers=HEADERS)
    for endpoint in (*ENDPOINTS, *MEDIA):
        if endpoint.path in ENDLESS or endpoint.method != "get":
            continue
        names = [p.name for p in endpoint.parameters]
        for scene in asked.scenes:
            client.get(endpoint.path, params={n: scene[n][-1] for n in names if n in scene and n != "filter"})
        undeclared = read - set(names) - {"host", "range", "if-range", "if-none-match"}
        assert not undeclared, endpoint.path
        read.clear()


def fuzz(asked: Asked, path: str, method: str, mode: GenerationMode, examples: int) -> None:
    operation = asked.schema[path][method.upper()]
    checks = (*CHECKS, "negative_data_rejection") if mode is GenerationMode.NEGATIVE else CHECKS

    @given(operation.as_strategy(generation_mode=mode), st.data())
    @settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    def ask(case: Any, data: Any) -> None:
        if mode is GenerationMode.POSITIVE and data.draw(st.integers(0, 4)):
            scene = data.draw(st.sampled_from(asked.scenes))
            for name in sorted((case.query or {}).keys()):
                if name in scene:
                    case.query[name] = data.draw(st.sampled_from(scene[name]))
                elif name in SMALL:
                    case.query[name] = data.draw(st.integers(0, 9))
        asked.check(case, checks)

    ask()


@pytest.mark.parametrize(("path", "method"), ASKED)
def test_what_is_asked_as_described_is_answered_as_described(asked: Asked, path: str, method: str) -> None:
    fuzz(asked, path, method, GenerationMode.POSITIVE, 12)


WITH_RULES = [(e.path, e.method) for e in (*ENDPOINTS, *MEDIA) if e.path not in ENDLESS and e.parameters]


@pytest.mark.parametrize(("path", "method"), WITH_RULES)
def test_what_is_asked_wrongly_is_refused_in_words(asked: Asked, path: str, method: str) -> None:
    fuzz(asked, path, method, GenerationMode.NEGATIVE, 6)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("path", "method"), ASKED)
def test_any_question_for_long(asked: Asked, path: str, method: str) -> None:
    fuzz(asked, path, method, GenerationMode.POSITIVE, LONG)
    if (path, method) in WITH_RULES:
        fuzz(asked, path, method, GenerationMode.NEGATIVE, LONG)
