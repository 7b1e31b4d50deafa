"""Garbage of Python's: cycles that a function leaves are collected while it runs, and what was frozen stays so."""

import gc
import threading
import weakref

import pytest

import neurochain as nc
from neurochain.chain.garbage import AT_START, young_garbage


class Node:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def thawed():
    gc.unfreeze()  # Python 3.12 freezes some objects when it starts
    yield
    gc.unfreeze()


def test_nothing_stays_frozen(thawed: None) -> None:
    seen: list[int] = []

    def look(x: int) -> int:
        seen.append(gc.get_freeze_count())
        return x

    assert nc.read_values(x=[1, 2]).map(y=look).collect().height == 2
    assert min(seen) > 0
    assert gc.get_freeze_count() == 0

    def broken(x: int) -> int:
        raise ValueError("no")

    with pytest.raises(nc.errors.UDFError):
        nc.read_values(x=[1]).map(y=broken).collect()
    assert gc.get_freeze_count() == 0


def test_what_the_user_froze_stays_frozen(thawed: None) -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    nc.read_values(x=[1]).map(y=lambda x: x + 1).collect()
    assert gc.get_freeze_count() > frozen / 2  # those that nobody refers to any more are gone


def test_cycles_are_collected_between_calls(thawed: None) -> None:
    left: list[weakref.ref[Node]] = []

    def leave(x: int) -> int:
        left.append(weakref.ref(Node()))
        [[] for _ in range(2000)]  # objects enough for Python to look for garbage
        return x

    nc.read_values(x=list(range(300))).map(y=leave).settings(reuse=False).collect()
    assert sum(ref() is not None for ref in left) < 150


def test_blocks_in_each_other(thawed: None) -> None:
    with young_garbage():
        frozen = gc.get_freeze_count()
        assert frozen > AT_START
        with young_garbage():
            assert gc.get_freeze_count() <= frozen  # those that nobody refers to any more are gone
        assert gc.get_freeze_count() > frozen / 2
    assert gc.get_freeze_count() == 0


def test_the_last_of_several_threads_ends_it(thawed: None) -> None:
    entered, leave = threading.Event(), threading.Event()

    def work() -> None:
        with young_garbage():
            entered.set()
            leave.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    entered.wait(30)
    with young_garbage():
        pass
    still = gc.get_freeze_count()
    leave.set()
    thread.join(30)
    assert still > AT_START
    assert gc.get_freeze_count() == 0


def test_a_save_is_one_block(thawed: None) -> None:
    seen: list[int] = []

    def look(x: int) -> int:
        seen.append(gc.get_freeze_count())
        return x

    nc.read_values(x=list(range(50))).map(y=look).settings(reuse=False).save("looked")
    assert min(seen) > AT_START
    assert gc.get_freeze_count() == 0
