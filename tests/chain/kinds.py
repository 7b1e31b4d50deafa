"""Kinds: classes that functions return as results."""

import collections
import dataclasses
import datetime as dt
import enum
from typing import Any, NamedTuple, TypedDict

import numpy as np
import pydantic


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Peak:
    at: float
    channel: str | None = None


class Fit(pydantic.BaseModel):
    slope: float
    peak: Peak
    label: str | None = None


class Tone(enum.StrEnum):
    HIGH = "high"


class Span(enum.Enum):
    SHORT = (0, 1)


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    at: int
    names: list[str] = dataclasses.field(default_factory=list)
    peak: Peak | None = None


class Partial(TypedDict, total=False):
    a: int
    b: str


class Aliased(pydantic.BaseModel):
    value: int = pydantic.Field(alias="theValue")
    parts: list[Fit] = []
    inner: Fit | None = None
    _hidden: int = 3

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return 2 * self.value


class Open(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    a: int


class Endless(pydantic.BaseModel):
    x: int
    children: "list[Endless]" = []


class Empty(pydantic.BaseModel):
    pass


class Either(pydantic.BaseModel):
    v: int | str


@dataclasses.dataclass
class Volume:  # a user's own, which has nothing to do with ours
    a: int


Bare = collections.namedtuple("Bare", "a b")  # no field has an annotation


class Pair(NamedTuple):
    left: int
    right: str


def record_array(label: str) -> dict[str, Any]:
    return {"label": label, "trace": np.arange(3, dtype=np.int16), "deep": {"m": np.eye(2)}}


ZONE = dt.timezone(dt.timedelta(hours=2))
NOON = dt.datetime(2025, 6, 1, 12, 0, 0, 123456)
