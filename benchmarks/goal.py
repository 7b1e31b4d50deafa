"""Goal: what was asked of a comparison, and whether it holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.contestant import Contestant

Contestants = Mapping[str, Contestant]


@dataclass(frozen=True)
class Goal:
    """What was asked.

    Attributes
    ----------
    text : str
        As the report says it.
    measure : callable
        Of the contestants by name: the figure as a text, and whether it holds.
    why : str
        What stands in the way, said where it does not hold.
    """

    text: str
    measure: Callable[[Contestants], tuple[str, bool]]
    why: str = ""


def faster(times: float, than: str, who: str = "neurochain", why: str = "") -> Goal:
    """So many times as fast as another one."""

    def measure(all_: Contestants) -> tuple[str, bool]:
        ratio = all_[than].seconds / all_[who].seconds
        return f"{ratio:.3g} x", ratio >= times

    return Goal(f"{who}: at least {times:g} x as fast as {than}", measure, why)


def faster_per_second(times: float, than: str, who: str = "neurochain", why: str = "") -> Goal:
    """So many times as many per second as another one, which may do fewer of them."""

    def measure(all_: Contestants) -> tuple[str, bool]:
        ratio = all_[who].rate / all_[than].rate
        return f"{ratio:.3g} x", ratio >= times

    return Goal(f"{who}: at least {times:g} x as many per second as {than}", measure, why)


def within(times: float, of: str, who: str = "neurochain", why: str = "") -> Goal:
    """At most so many times the time of another one."""

    def measure(all_: Contestants) -> tuple[str, bool]:
        ratio = all_[who].seconds / all_[of].seconds
        return f"{ratio:.3g} x", ratio <= times

    return Goal(f"{who}: at most {times:g} x the time of {of}", measure, why)


def not_slower_than_the_best(who: str, why: str = "") -> Goal:
    """At most the time of any who is not neurochain, but for the scatter of the best one's runs."""

    def measure(all_: Contestants) -> tuple[str, bool]:
        best = min((c for n, c in all_.items() if not n.startswith("neurochain")), key=lambda c: c.seconds)
        mine = all_[who].seconds
        return f"{mine / best.seconds:.3g} x the time of {best.name}", mine <= max(
            best.seconds, best.spread[1]
        )

    return Goal(f"{who}: not slower than the best of the others (its longest run)", measure, why)


def seconds_at_most(seconds: float, who: str = "neurochain", why: str = "") -> Goal:
    """Under a time."""
    return Goal(
        f"{who}: under {seconds:g} s",
        lambda all_: (f"{all_[who].seconds:.3g} s", all_[who].seconds < seconds),
        why,
    )


def memory_at_most(megabytes: float, who: str, why: str = "") -> Goal:
    """Under an amount of memory."""
    return Goal(
        f"{who}: under {megabytes:,g} MB",
        lambda all_: (f"{all_[who].peak_mb:,.0f} MB", all_[who].peak_mb < megabytes),
        why,
    )


def memory_over(megabytes: float, than: str, who: str = "neurochain", why: str = "") -> Goal:
    """So much memory more than another one at most."""

    def measure(all_: Contestants) -> tuple[str, bool]:
        more = all_[who].peak_mb - all_[than].peak_mb
        return f"{more:,.0f} MB", more < megabytes

    return Goal(f"{who}: under {megabytes:,g} MB more than {than}", measure, why)


def each_at_most(seconds: float, who: str = "neurochain", why: str = "") -> Goal:
    """Under a time for each of what is done, on average."""

    def measure(all_: Contestants) -> tuple[str, bool]:
        each = 1 / all_[who].rate
        return f"{each * 1000:.3g} ms", each < seconds

    return Goal(f"{who}: under {seconds * 1000:g} ms each", measure, why)


def pulled_at_most(times: float, who: str = "neurochain", why: str = "") -> Goal:
    """At most so many bytes read for each that was asked for; the case says ``pulled`` and ``wanted``."""

    def measure(all_: Contestants) -> tuple[str, bool]:
        facts = all_[who].runs[-1].facts
        ratio = float(str(facts["pulled"])) / float(str(facts["wanted"]))
        return f"{ratio:.4g} x", ratio <= times

    return Goal(f"{who}: at most {times:g} x the bytes that were asked for", measure, why)
