"""Record: what a bundle's ``bundle.json`` says. Plain data; it is checked before any of it is used."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurochain.errors import VersionError

FILE = "bundle.json"
SUMS = "SHA256SUMS"
PARTS = "parts"
LAYOUT = 1  # raised when an earlier neurochain could no longer read it
MOST_BYTES = 500_000_000  # of the record

Json = dict[str, Any]
Hash = Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]
Name = Annotated[
    str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.\-]*(/[A-Za-z0-9][A-Za-z0-9_.\-]*)*\z", max_length=400)
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PartRecord(_Model):
    """A part."""

    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)


class InputRecord(_Model):
    """Something that a version's activity read; of another version its reference (``name@1.0.0``)."""

    kind: str
    reference: Json
    version: str | None
    manifest: Hash | None
    parts: list[Hash]


class FunctionRecord(_Model):
    """A function that ran."""

    udf: Hash
    reads: Hash | None
    bytes: int
    requests: int
    reused: int | None
    computed: int | None
    failed: int | None
    arguments: list[str] | None
    columns: list[str] | None


class ActivityRecord(_Model):
    """The activity that made a version."""

    id: str
    started: float
    ended: float | None
    status: str
    host: str
    user: str
    command: str
    environment: Hash
    git_commit: str | None
    git_dirty: bool | None
    git_diff: str | None
    seed: int
    rows_in: int
    rows_out: int
    reused: int
    computed: int
    failed: int
    bytes: int
    requests: int
    steps: list[Json]
    failures: Hash | None
    parameters: Json | None
    variables: dict[str, str] | None = None
    inputs: list[InputRecord]
    functions: list[FunctionRecord]


class VersionRecord(_Model):
    """A version."""

    name: Name
    major: int = Field(ge=0)
    minor: int = Field(ge=0)
    patch: int = Field(ge=0)
    schema_: list[Json] = Field(alias="schema")
    plan: Json
    content_hash: Hash
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    created: float
    description: str
    labels: list[str]
    problems: list[str]
    tolerances: dict[str, float] | None
    content_scheme: int | None = None
    withdrawn: Json | None = None
    parts: list[Hash]
    activity: ActivityRecord

    @property
    def reference(self) -> str:
        """``name@1.0.0``."""
        return f"{self.name}@{self.major}.{self.minor}.{self.patch}"


class EnvironmentRecord(_Model):
    """Interpreter and packages."""

    python: str
    platform: str
    packages: dict[str, str]


class UdfRecord(_Model):
    """A function's text, and what its fingerprint was made of."""

    fingerprint: str
    name: str
    source: str | None
    detail: Json


class RootRecord(_Model):
    """Where a folder of files lay, and how its store was reached, without credentials."""

    uri: str
    access: Json | None


class Record(_Model):
    """A bundle.

    Attributes
    ----------
    versions : list of VersionRecord
        What they were made of stands before them; the last is the one that was asked for.
    environments, udfs, parts : dict
        By hash.
    roots : dict
        By name.
    """

    format: Literal["neurochain bundle"] = "neurochain bundle"
    layout: int = LAYOUT
    neurochain: str
    versions: list[VersionRecord] = Field(min_length=1)
    environments: dict[Hash, EnvironmentRecord]
    udfs: dict[Hash, UdfRecord]
    parts: dict[Hash, PartRecord]
    roots: dict[str, RootRecord]


def roots_of(reference: Json) -> set[str]:
    """Names of the folders that an input was read from."""
    return {*reference.get("roots", {}), *([reference["root"]] if reference.get("root") else [])}


def read_record(folder: Path) -> Record:
    """What a bundle says of itself.

    Raises
    ------
    VersionError
        It is no bundle, is damaged, or a later neurochain wrote it.
    """
    path = folder / FILE
    try:
        if path.stat().st_size > MOST_BYTES:
            raise VersionError(f"{path} is larger than any record of a bundle.")
        text = path.read_bytes()
    except OSError as error:
        raise VersionError(f"{folder} is no bundle: {FILE} cannot be read ({error.strerror}).") from error
    try:
        said = json.loads(text)
        if isinstance(said, dict) and isinstance(said.get("layout"), int) and said["layout"] > LAYOUT:
            raise VersionError(f"{path} was written by a later neurochain. Upgrade this one.")
        return Record.model_validate(said)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise VersionError(f"{path} is damaged: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the text"
        raise VersionError(f"{path} is damaged: {place}: {first['msg']}.") from error
