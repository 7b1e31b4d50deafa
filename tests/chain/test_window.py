"""Window: how many calls wait at once."""

from neurochain.chain.functions.window import BYTES, FIRST, MOST, Window


def test_calls_that_wait_leave_room_for_others() -> None:
    window = Window()
    assert window.size == FIRST
    for _ in range(50):
        window.learn(0.011, 0.010, 1_000)
    assert window.size in (21, 22)  # ten behind each of two, since calls do not come evenly
    for _ in range(50):
        window.learn(0.1, 0.0, 1_000)
    assert window.size == 2
    for _ in range(50):
        window.learn(10.0, 9.999, 1_000)
    assert window.size == MOST == window.most


def test_calls_that_pull_much_are_few() -> None:
    window = Window()
    for _ in range(50):
        window.learn(1.0, 0.99, BYTES // 5)
    assert window.size == 5
    for _ in range(50):
        window.learn(1.0, 0.99, 10 * BYTES)
    assert window.size == 2


def test_what_the_user_fixed_stays() -> None:
    window = Window(3)
    for _ in range(50):
        window.learn(1.0, 0.99, 1)
    assert window.size == window.most == 3
