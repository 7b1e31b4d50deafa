"""Endpoints: what can be asked under ``/api``, with which parameters, and what is answered."""

from dataclasses import dataclass

from neurochain.web.api.annotation import KNOWN
from neurochain.web.api.parameters import Parameter
from neurochain.web.api.questions import (
    COLUMNS,
    DIFFERING,
    JOBS,
    LIMIT,
    NAME,
    NEW,
    OFFSET,
    OLD,
    PATH,
    REF,
    ROW,
    ROWS_ASKED,
    SEARCH,
    SHOWN,
    STATUS,
)
from neurochain.web.api.schemas import (
    ANY,
    FLAG,
    NUMBER,
    PLAIN,
    TEXT,
    TIME,
    WHOLE,
    Schema,
    by_name,
    either,
    many,
    maybe,
    record,
)

__all__ = ["ENDPOINTS", "JSON", "Endpoint"]

JSON = "application/json"
EVENTS = "text/event-stream"


@dataclass(frozen=True)
class Endpoint:
    """Something that can be asked.

    Attributes
    ----------
    path : str
    about : str
        What it gives, for people.
    parameters : tuple of Parameter
    answer : dict
        JSON Schema of it.
    content : tuple of str
        Types of what it gives.
    method : {"get", "post"}
    body : dict or None
        JSON Schema of what is sent.
    statuses : tuple of int
        Of answers that are no error.
    """

    path: str
    about: str
    parameters: tuple[Parameter, ...] = ()
    answer: Schema | None = None
    content: tuple[str, ...] = (JSON,)
    method: str = "get"
    body: Schema | None = None
    statuses: tuple[int, ...] = (200,)


CELL = {"description": "A value, short: texts are cut, of lists and arrays the first values come."}
WITHDRAWN = maybe(by_name(ANY))
SUMMARY: Schema = {
    "reference": TEXT,
    "version": TEXT,
    "rows": WHOLE,
    "bytes": WHOLE,
    "created": TIME,
    "description": TEXT,
    "labels": many(TEXT),
    "problems": many(TEXT),
    "withdrawn": WITHDRAWN,
}
LEAF = record(path=TEXT, type=TEXT, unit=maybe(TEXT), axes=many(TEXT), kind=TEXT)
COLUMN = record(
    name=TEXT,
    type=TEXT,
    unit=maybe(TEXT),
    axes=many(TEXT),
    kind=TEXT,
    leaves=many(LEAF),
    function=maybe(TEXT),
    made_for=maybe(TEXT),
)
COUNTS: Schema = {"computed": WHOLE, "reused": WHOLE, "failed": WHOLE, "bytes": WHOLE, "requests": WHOLE}
VERSION = record(
    **(SUMMARY | {"columns": many(COLUMN)}),
    name=TEXT,
    content_hash=TEXT,
    before=maybe(TEXT),
    after=maybe(TEXT),
    empty=many(TEXT),
    functions=many(TEXT),
    made=record(started=NUMBER, seconds=NUMBER, user=TEXT, host=TEXT, command=TEXT, **COUNTS),
)
LISTED = record(**SUMMARY, columns=many(TEXT))
ROWS = record(
    total=WHOLE,
    matched=WHOLE,
    offset=WHOLE,
    rows=many(record(key=TEXT, cells=many(CELL))),
    columns=many(TEXT),
    seconds=NUMBER,
)
GLANCE = record(
    {
        "of": TEXT,
        "distinct": maybe(WHOLE),
        "about": FLAG,
        "not_finite": WHOLE,
        "min": PLAIN,
        "max": PLAIN,
        "mean": PLAIN,
        "std": PLAIN,
        "quantiles": by_name(PLAIN),
        "histogram": record(edges=many(PLAIN), counts=many(WHOLE)),
        "top": many({"type": "array", "minItems": 2, "maxItems": 2}),
    },
    path=TEXT,
    count=WHOLE,
    nulls=WHOLE,
)
FILE = record(
    column=TEXT,
    uri=TEXT,
    path=TEXT,
    size=WHOLE,
    etag=TEXT,
    format=maybe(TEXT),
    opens=TEXT,
)
ROW_DETAIL = record(
    reference=TEXT,
    key=TEXT,
    cells=by_name(CELL),
    files=many(FILE),
    features=many(record(path=TEXT, function=TEXT, reference=TEXT, value=CELL)),
    reads=many(record(path=TEXT, function=TEXT, ranges=many(many(PLAIN)), bytes=WHOLE)),
)
TABLE = record(columns=many(TEXT), rows=many(many(CELL)))
COMPARISON = record(
    old=TEXT,
    new=TEXT,
    key=many(TEXT),
    same_content=FLAG,
    rows=record(added=WHOLE, removed=WHOLE, changed=WHOLE, same=WHOLE),
    changed_in=by_name(WHOLE),
    columns_added=many(TEXT),
    columns_removed=many(TEXT),
    columns_changed=by_name(many(TEXT)),
    steps=many(TEXT),
    inputs=many(TEXT),
    code=TEXT,
    shown=record(added=TABLE, removed=TABLE, changed=TABLE),
)
GRAPH = record(
    top=TEXT,
    nodes=many(record(id=TEXT, kind=TEXT, title=TEXT, reference=maybe(TEXT), facts=by_name(ANY))),
    edges=many(record(**{"from": TEXT, "to": TEXT, "kind": TEXT})),
)
FUNCTION = record(
    name=TEXT,
    fingerprint=TEXT,
    source=maybe(TEXT),
    bytes=WHOLE,
    requests=WHOLE,
    computed=maybe(WHOLE),
    reused=maybe(WHOLE),
    failed=maybe(WHOLE),
    arguments=maybe(many(TEXT)),
    columns=maybe(many(TEXT)),
)
ACTIVITY = record(
    reference=TEXT,
    activity=by_name(ANY),
    git_diff=maybe(TEXT),
    packages=by_name(TEXT),
    steps=many(TEXT),
    functions=many(FUNCTION),
    problems=many(TEXT),
    failures=record(count=WHOLE, rows=many(by_name(ANY))),
)
STEP = record(
    name=TEXT,
    unit=TEXT,
    rows=WHOLE,
    total=maybe(WHOLE),
    exact={"type": "boolean", "description": "Whether total is all that comes, and not the least."},
    rate=maybe(NUMBER),
    bytes=WHOLE,
    stored=maybe(WHOLE),
    failures=WHOLE,
    seconds=maybe(NUMBER),
    running=FLAG,
)
FAILURE = record(
    function=TEXT,
    row=maybe(WHOLE),
    files=many(TEXT),
    error=TEXT,
    traceback=TEXT,
    reference=maybe(TEXT),
    key=maybe(TEXT),
)
JOB = record(
    id=TEXT,
    status={"type": "string", "enum": ["running", "done", "failed", "interrupted", "died"]},
    verb=TEXT,
    title=TEXT,
    command=TEXT,
    user=TEXT,
    host=TEXT,
    pid=maybe(WHOLE),
    started=NUMBER,
    updated=NUMBER,
    ended=maybe(NUMBER),
    **COUNTS,
    reference=maybe(TEXT),
    steps=many(STEP),
    step=maybe(STEP),
    left=maybe(NUMBER),
    failures=many(FAILURE),
    error=maybe(record(what=TEXT, message=TEXT, traceback=TEXT)),
)
PROJECT = record(name=TEXT, datasets=WHOLE, bytes=WHOLE, version=TEXT, read_only=FLAG, jobs_running=WHOLE)
EXPLAINED = by_name(ANY)

ENDPOINTS = (
    Endpoint("/api/project", "What the project holds.", (), PROJECT),
    Endpoint(
        "/api/datasets",
        "Datasets, each with its latest version.",
        (SEARCH,),
        many(record(name=TEXT, versions=WHOLE, latest=LISTED)),
    ),
    Endpoint("/api/versions", "Versions of a dataset, the newest first.", (NAME,), many(LISTED)),
    Endpoint("/api/version", "What a version is, and its columns.", (REF,), VERSION),
    Endpoint(
        "/api/version",
        "Change the description or the labels of a version. Refused with --read-only.",
        (REF,),
        LISTED,
        method="post",
        body={
            "type": "object",
            "properties": dict(zip(KNOWN, (TEXT, many(TEXT)), strict=True)),
            "additionalProperties": False,
            "minProperties": 1,
        },
    ),
    Endpoint(
        "/api/rows",
        "Rows of a version, filtered and sorted, a page of them.",
        (REF, OFFSET, LIMIT, COLUMNS, *ROWS_ASKED),
        ROWS,
    ),
    Endpoint("/api/column", "A column at a glance.", (REF, PATH, *ROWS_ASKED), GLANCE),
    Endpoint(
        "/api/row",
        "A row: its values, its files, features computed from it, bytes that were read.",
        (REF, ROW),
        ROW_DETAIL,
    ),
    Endpoint(
        "/api/place",
        "Where a row stands among those that are asked for, and which stand beside it.",
        (REF, ROW, *ROWS_ASKED),
        record(index=maybe(WHOLE), matched=WHOLE, before=maybe(TEXT), after=maybe(TEXT)),
    ),
    Endpoint("/api/compare", "What differs between two versions.", (OLD, NEW, DIFFERING, SHOWN), COMPARISON),
    Endpoint("/api/lineage", "What made a version, back to storage, as a graph.", (REF,), GRAPH),
    Endpoint("/api/activity", "The run that made a version: code, environment, failures.", (REF,), ACTIVITY),
    Endpoint("/api/explain", "Why results of a version were computed and not reused.", (REF,), EXPLAINED),
    Endpoint(
        "/api/jobs",
        "Runs, the newest first: those under way, saved, failed, killed.",
        (JOBS, STATUS),
        many(JOB),
    ),
    Endpoint(
        "/api/jobs/stream",
        "Runs under way, at once and whenever they have changed; ends with whoever listens.",
        answer=either(record(running=many(JOB), ended=TEXT)),
        content=(EVENTS,),
    ),
    Endpoint(
        "/api/python",
        "The chain, in Python, that gives what is asked for.",
        (REF, COLUMNS, *ROWS_ASKED),
        record(code=TEXT),
    ),
    Endpoint("/api/openapi.json", "This description.", (), by_name(ANY)),
)
