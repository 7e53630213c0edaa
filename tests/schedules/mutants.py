"""Would the schedules notice? Breaks the code in a copy, in each of these ways.

`python -m tests.schedules.mutants` (part of `make mutate`) runs there a schedule that a search has
found and shortened; it must break the named promise. `--search` searches anew, for minutes.
test_mutants.py holds that edits still apply, and that the schedules are harmless to the real code.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.broken_copies import BrokenCopies, broken_copies
from tests.schedules.schedule import (
    Act,
    ActKind,
    ApiFault,
    ApiFaultKind,
    Behaviour,
    Function,
    InvokeFault,
    InvokeFaultKind,
    Lag,
    Schedule,
    Service,
    Setup,
    SuiteSpec,
)

MOST_SCHEDULES = 5_000
FOUND = 1
CORE = "src/testgate/core/"
STEPS = "state_machines/steps/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`old` stands once in `file`; with `new` there, `schedule` breaks the invariant `broken`."""

    name: str
    file: str
    old: str
    new: str
    broken: str
    schedule: Schedule


def with_suite(behaviour: Behaviour) -> Schedule:
    """A gate of one suite that does this."""
    return Schedule(suites=(SuiteSpec(name="smoke", behaviours=(behaviour,)),))


MUTANTS = (
    Mutant(
        name="Judge does not look at green again",
        file=STEPS + "judge.py",
        old='if prepared.get("ready") is True:\n            looks',
        new='if prepared.get("ready") == "never":\n            looks',
        broken="passes_are_earned",
        schedule=Schedule(disturbances=(Act(kind=ActKind.DRIFT_TEST, at=1),)),
    ),
    Mutant(
        name="a target that was there for a while is forgotten",
        file=STEPS + "judge.py",
        old="if problem is None and after is not None:",
        new="if False:",
        broken="passes_are_earned",
        schedule=Schedule(disturbances=(Act(kind=ActKind.OLD_TARGET, at=3, lasts=5),)),
    ),
    Mutant(
        name="evidence counts whatever its digest",
        file=STEPS + "recording.py",
        old="if digest_of(stored) != result.digest:",
        new="if False:",
        broken="passes_are_earned",
        schedule=with_suite(Behaviour.OTHER_EVIDENCE),
    ),
    Mutant(
        name="evidence of another plan or question counts",
        file=CORE + "verdict.py",
        old="if (result.input_digest, result.plan_digest) != (question_digest, plan.digest):",
        new="if False:",
        broken="passes_are_earned",
        schedule=with_suite(Behaviour.EVIDENCE_OF_OTHER_PLAN),
    ),
    Mutant(
        name="a failure whose answer got lost is forgotten",
        file=STEPS + "recording.py",
        old="return _failed_unheard(bucket, place, evidence) or evidence",
        new="return evidence",
        broken="passes_are_earned",
        schedule=Schedule(
            suites=(SuiteSpec(name="smoke", behaviours=(Behaviour.FAILS, Behaviour.PASSES)),),
            disturbances=(
                InvokeFault(function=Function.RUN_SUITE, nth=0, kind=InvokeFaultKind.LOST),
            ),
        ),
    ),
    Mutant(
        name="a suite that asked nobody passes",
        file=CORE + "meeting.py",
        old="if not suite.blocking or (relay is not None and relay.requests):",
        new="if True:",
        broken="passes_are_earned",
        schedule=with_suite(Behaviour.ASKS_NOBODY),
    ),
    Mutant(
        name="a redriven execution passes",
        file=CORE + "decision.py",
        old="if execution.redrives:",
        new="if False:",
        broken="passes_are_earned",
        schedule=Schedule(
            disturbances=(
                Act(kind=ActKind.STOP_EXECUTION, function=Function.JUDGE),
                Act(kind=ActKind.REDRIVE, at=1, function=Function.JUDGE),
            )
        ),
    ),
    Mutant(
        name="the hook ignores the deadline",
        file=CORE + "decision.py",
        old="if left_s <= 0:",
        new="if False:",
        broken="waits_end_in_time",
        schedule=Schedule(
            setup=Setup(timeout_s=60),
            suites=(SuiteSpec(name="smoke", behaviours=(Behaviour.FREEZES,)),),
        ),
    ),
    Mutant(
        name="a hook that passes by expiring is accepted",
        file=CORE + "decision.py",
        old='if "CONTINUE" in actions and mode is Mode.ENFORCE:',
        new="if False:",
        broken="passes_are_earned",
        schedule=Schedule(setup=Setup(continues=True)),
    ),
    Mutant(
        name="observing hooks and enforcing ones are mixed up",
        file="src/testgate/hook/answering.py",
        old="answer = Failed() if refused and not asked.observe else Succeeded()",
        new="answer = Failed() if refused and asked.observe else Succeeded()",
        broken="passes_are_earned",
        schedule=with_suite(Behaviour.FAILS),
    ),
    Mutant(
        name="an answer is not stored",
        file="src/testgate/hook/answering.py",
        old="for act in (self._store, self._emit):",
        new="for act in (self._emit,):",
        broken="answers_say_why",
        schedule=Schedule(),
    ),
    Mutant(
        name="AWS out of reach is a refusal",
        file="src/testgate/hook/flow.py",
        old="decision = decide_trouble(troubles, str(exc))",
        new="decision = infra(str(exc))",
        broken="what_is_survived_passes",
        schedule=Schedule(
            disturbances=(ApiFault(function=Function.HOOK, nth=0, kind=ApiFaultKind.THROTTLED),)
        ),
    ),
    Mutant(
        name="the hook raises where AWS denies",
        file="src/testgate/hook/flow.py",
        old="except GateError as exc:\n            decision = infra(str(exc))",
        new="except ConfigError as exc:\n            decision = infra(str(exc))",
        broken="hook_never_raises",
        schedule=Schedule(
            disturbances=(ApiFault(function=Function.HOOK, nth=0, kind=ApiFaultKind.DENIED),)
        ),
    ),
    Mutant(
        name="a second record replaces the first",
        file=STEPS + "recording.py",
        old="if not bucket.put_json_once(place.record, record):",
        new='if bucket.put(place.record, json.dumps(record).encode(), "application/json"):',
        broken="records_stand",
        schedule=Schedule(),
    ),
    Mutant(
        name="cancel stops whatever runs",
        file=STEPS + "cancel.py",
        old="if sentence is None:\n                continue",
        new='sentence = sentence or "stopped"',
        broken="stops_are_due",
        schedule=Schedule(
            suites=(SuiteSpec(name="smoke", seconds=20),),
            disturbances=(ApiFault(function=Function.CANCEL, nth=0, kind=ApiFaultKind.TIMED_OUT),),
        ),
    ),
    Mutant(
        name="green gets no time to settle",
        file="state_machines/test_gate.asl.json",
        old='"MaxAttempts": 14',
        new='"MaxAttempts": 0',
        broken="what_is_survived_passes",
        schedule=Schedule(disturbances=(Lag(service=Service.ECS, seconds=3),)),
    ),
)


def main(arguments: list[str]) -> int:
    """A line for each mutant; 1 if the promise that it should break held."""
    missed = 0
    with broken_copies() as copies, ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        told = pool.map(lambda mutant: broken_in_copy(mutant, copies, arguments), MUTANTS)
        for mutant, names in zip(MUTANTS, told, strict=True):
            noticed = mutant.broken in names
            missed += not noticed
            sys.stdout.write(f"{'noticed ' if noticed else 'SURVIVED'}  {mutant.name}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(MUTANTS) - missed} breakages broke a promise, {missed} did not\n")
    return 1 if missed else 0


def broken_in_copy(mutant: Mutant, copies: BrokenCopies, arguments: list[str]) -> frozenset[str]:
    """The promises that a schedule breaks in a copy of the code with that edit."""
    run = ["--replay", repr(mutant.schedule)]
    if "--search" in arguments:
        run = ["--sweep", "--no-shrink", "--processes", "1", "--count", str(MOST_SCHEDULES)]
    with copies.changed(mutant.file, mutant.old, mutant.new) as copy:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.schedules", *run],
            cwd=copy.path,
            env=copy.environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if ended.returncode != FOUND:
        return frozenset()
    told = ended.stdout.rpartition("broken:")[2].splitlines()
    return frozenset(line.strip().partition(":")[0] for line in told)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
