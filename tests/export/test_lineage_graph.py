"""Graph: each version stands once, behind those that it came from."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc


@settings(max_examples=12)
@given(parents=st.lists(st.sets(st.integers(0, 5), max_size=3), min_size=1, max_size=5))
def test_each_version_stands_once_behind_those_it_came_from(home: Path, parents: list[set[int]]) -> None:
    above: dict[int, set[int]] = {}
    for number, wanted in enumerate(parents):
        known = [p for p in wanted if p < number]
        above[number] = set(known).union(*(above[p] for p in known))
        chain = nc.read_values(x=[number])
        for parent in known:
            chain = chain.union(nc.read_dataset(f"v{parent}"))
        chain.save(f"v{number}")
    last = len(parents) - 1
    lineage = nc.dataset(f"v{last}").lineage()
    names = {f"v{n}" for n in {last, *above[last]}}

    events: list[dict[str, Any]] = [
        json.loads(line) for line in str(lineage.export("openlineage")).splitlines()
    ]
    order = [e["job"]["name"] for e in events if e["eventType"] == "COMPLETE"]
    assert sorted(order) == sorted(names)
    for number in {last, *above[last]}:
        assert all(order.index(f"v{p}") < order.index(f"v{number}") for p in above[number])
    prov = json.loads(str(lineage.export("prov")))
    assert len(prov["activity"]) == len(names) == len(prov["wasGeneratedBy"])
    described = json.loads(str(lineage.export("bids")))
    assert [g["Description"].partition("@")[0] for g in described["GeneratedBy"]] == order[::-1]
