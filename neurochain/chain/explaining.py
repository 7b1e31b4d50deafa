"""Explaining: what a chain would compute if it ran now, and why."""

import warnings
from collections.abc import Callable, Iterator

from neurochain.chain.functions.step import FunctionStep
from neurochain.chain.plan import Plan, limits_first
from neurochain.chain.run import Run
from neurochain.chain.steps.step import Step
from neurochain.datasets.activity import UsedFunction
from neurochain.datasets.explanation import Explanation, StepExplanation, reasons_for
from neurochain.datasets.lineage import earlier_functions, step_text
from neurochain.errors import NeurochainError

UNKNOWN = "not known before the steps above have run"
ANEW = "settings(reuse=False): all is computed anew"


def explain_plan(plan: Plan, make_run: Callable[[], Run]) -> Explanation:
    """Look up what is known of a plan, and why the rest is not. No function is called.

    Headers of files that are new are read, and remembered, since steps may ask for what they say.
    """
    run = make_run()
    run.dry = True
    state = plan.source.open(run)
    inputs = [text for note in run.activity.steps if (text := _listed(note))]
    steps: list[StepExplanation] = []
    waiting = False  # whether rows are to be computed that later steps will get
    coming = iter(limits_first(plan.steps))
    for step in coming:
        before = len(run.activity.functions)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what cannot be reproduced is said among the reasons
                state = step.apply(state, run)
        except NeurochainError:
            if not waiting:
                raise
            steps += [StepExplanation(_text(one), why=(UNKNOWN,)) for one in (step, *coming)]
            break
        found = list(_explained(step, run.activity.functions[before:], run, waiting))
        waiting = waiting or any(one.computed for one in found)
        steps += found
    return Explanation("this chain", None, tuple(inputs), tuple(steps), future=True)


def _explained(
    step: Step, functions: list[UsedFunction], run: Run, waiting: bool
) -> Iterator[StepExplanation]:
    """A step, and the functions that it would call: its own, or those of a chain that it joins."""
    text = _text(step)
    if not functions:
        yield StepExplanation(text)
    joined = not isinstance(step, FunctionStep)
    for used in functions:
        why = [*used.problems]
        if used.failed and not why:
            known = earlier_functions(run.project, used.name)
            why = reasons_for(used.detail, known) if run.settings.reuse else [ANEW]
        if waiting:
            why.append("and for rows that the steps above have still to give")
        name = f"{text}: {used.name}()" if joined else text
        yield StepExplanation(name, used.reused, used.failed, None, tuple(why))


def _text(step: Step) -> str:
    return step_text(step.to_json())


def _listed(note: dict[str, object]) -> str:
    """What a listing has found that was not there when the files were listed last."""
    counts = [f"{note[word]:,} {word}" for word in ("new", "changed", "gone") if note.get(word)]
    return (
        f"{note['listed']}: {note['files']:,} files, {', '.join(counts) or 'as before'}"
        if "listed" in note
        else ""
    )
