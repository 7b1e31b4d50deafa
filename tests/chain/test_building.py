"""Building: what a function gave comes to the next one, and to a loop, as it was."""

import dataclasses
import enum
from typing import Any, Literal, NamedTuple, TypedDict

import pydantic
import pytest

import neurochain as nc


class Stage(enum.Enum):
    REST = "rest"
    TASK = "task"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Peak(pydantic.BaseModel):
    frequency: float = pydantic.Field(alias="Hz")
    stage: Stage = Stage.REST

    model_config = pydantic.ConfigDict(populate_by_name=True)


@dataclasses.dataclass
class Place:
    x: int
    y: int | None = None


@dataclasses.dataclass
class Spot:
    name: str
    place: Place
    stage: Stage
    path: list[Place]


class Pair(NamedTuple):
    a: int
    b: Place


class Card(TypedDict):
    level: int
    places: list[Place]


PLACES = [Place(1, 2), Place(3)]
VALUES: dict[str, tuple[Any, Any]] = {
    "list of models": (list[Peak], [Peak(frequency=1.5, stage=Stage.TASK), Peak(frequency=2.0)]),
    "list of dataclasses": (list[Place], PLACES),
    "set of texts": (set[str], {"a", "b"}),
    "tuple": (tuple[Place, ...], (Place(1, 2), Place(3, 4))),
    "lists of lists": (list[list[Place]], [[Place(1, 1)], [], PLACES]),
    "dataclass with all kinds": (Spot, Spot("s", Place(1, 2), Stage.TASK, PLACES)),
    "named tuple": (Pair, Pair(1, Place(2, 3))),
    "typed dict": (Card, {"level": 1, "places": PLACES}),
    "enum": (Stage, Stage.TASK),
    "enum of integers": (Level, Level.HIGH),
    "enums": (list[Stage], [Stage.TASK, Stage.REST]),
    "maybe": (Spot | None, None),
    "maybe an enum": (Stage | None, Stage.REST),
}


@pytest.mark.parametrize("name", VALUES)
def test_from_function_to_function(name: str, folder: Any) -> None:
    annotation, value = VALUES[name]
    seen: list[Any] = []

    def give(x: int) -> Any:
        return value if x else None

    def take(v: Any) -> int:
        seen.append(v)
        return 1

    give.__annotations__["return"] = annotation if name.startswith("maybe") else annotation | None
    take.__annotations__["v"] = annotation
    chain = nc.read_values(x=[1, 0]).map(v=give)
    expected = [value, None] if value is not None else [None]  # equal arguments are asked for once
    chain.map(n=take).settings(reuse=False, workers=0).collect()
    assert seen == expected
    chain.save("given")
    seen.clear()
    nc.read_dataset("given").map(n=take).settings(reuse=False, workers=0).collect()
    assert seen == expected


def test_groups_of_records(folder: Any) -> None:
    def total(p: list[Place]) -> int:
        return sum(place.x for place in p)

    chain = nc.read_values(x=[1, 2, 3], g=["a", "a", "b"]).map(p=lambda x: Place(x, 0))
    assert chain.agg(total=total, partition_by="g").collect()["total"].to_list() == [3, 3]


def test_records_in_lists_have_attributes_in_a_loop(folder: Any) -> None:
    chain = nc.read_values(x=[1]).map(spots=lambda x: [Spot("a", Place(1), Stage.REST, PLACES)])
    (row,) = list(chain)
    assert row.spots[0].name == "a"
    assert row.spots[0].path[1].x == 3
    assert row.spots[0]["place"]["x"] == 1


def test_an_edit_of_a_class_inside_a_list_computes_again(folder: Any) -> None:
    calls: list[int] = []

    def use(version: int) -> nc.Chain:
        body = f"class P(pydantic.BaseModel):\n    x: int\n    def area(self): return self.x * {version}\n"
        space: dict[str, Any] = {"pydantic": pydantic, "calls": calls}
        exec(body + "def f(ps: list[P]) -> int:\n    return sum(p.area() for p in ps)\n", space)
        return nc.read_values(x=[2]).map(ps=lambda x: [{"x": x}]).map(n=nc.udf(space["f"]))

    assert use(1).collect()["n"].to_list() == [2]
    assert use(5).collect()["n"].to_list() == [10]


def test_a_text_that_is_no_member_is_the_rows_failure(folder: Any) -> None:
    def take(s: Stage) -> int:
        return 1

    with pytest.raises(nc.UDFError, match="row 1: ValueError: 'sleep' is not a valid Stage"):
        nc.read_values(s=["rest", "sleep"]).map(n=take).collect()


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (Literal["a", "b"], ["a", "b", None], "c"),
        (Literal["a"] | None, ["a", None], "b"),
        (Literal[1, 2], [1, 2], 3),
        (Stage, [Stage.REST, "task"], "sleep"),
        (Level, [Level.LOW, 2], 3),
    ],
)
def test_only_what_the_annotation_lists(annotation: Any, good: list[Any], bad: Any, folder: Any) -> None:
    given: list[Any] = list(good)

    def choose(i: int) -> Any:
        return given[i]

    choose.__annotations__["return"] = annotation
    plain = [v.value if isinstance(v, enum.Enum) else v for v in good]
    chain = nc.read_values(i=list(range(len(good)))).settings(reuse=False).map(c=choose)
    assert chain.collect()["c"].to_list() == plain
    given.append(bad)
    wider = nc.read_values(i=list(range(len(given)))).settings(reuse=False).map(c=choose)
    with pytest.raises(nc.SchemaError, match=rf"'c': row {len(good)} gives .* allows .* alone"):
        wider.collect()


def test_a_field_of_a_record_keeps_to_its_list(folder: Any) -> None:
    @dataclasses.dataclass
    class Found:
        hand: Literal["left", "right"]

    def find(x: int) -> Found:
        return Found("middle" if x else "left")  # type: ignore[arg-type]

    with pytest.raises(nc.SchemaError, match="'hand': row 1 gives 'middle'"):
        nc.read_values(x=[0, 1]).map(find).collect()
