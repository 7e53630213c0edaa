"""Would the schedules notice? Breaks the code in a copy, in each of these ways, and searches there.

`python -m tests.schedules.mutants` (part of `make mutate`) fails if a breakage is not found.
test_mutants.py holds that the edits still apply.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("src", "hooks", "state_machines", "tests")
MOST_SCHEDULES = 3_000
FOUND = 1
CORE = "src/testgate/core/"
STEPS = "state_machines/steps/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`old` stands once in `file`; `broken` is the invariant that `new` in its place breaks."""

    name: str
    file: str
    old: str
    new: str
    broken: str


MUTANTS = (
    Mutant(
        name="Judge does not look at green again",
        file=STEPS + "judge.py",
        old='if prepared.get("ready") is True:\n            looks',
        new='if prepared.get("ready") == "never":\n            looks',
        broken="passes_are_earned",
    ),
    Mutant(
        name="a target that was there for a while is forgotten",
        file=STEPS + "judge.py",
        old="if problem is None and after is not None:",
        new="if False:",
        broken="passes_are_earned",
    ),
    Mutant(
        name="evidence counts whatever its digest",
        file=STEPS + "recording.py",
        old="if digest_of(stored) != result.digest:",
        new="if False:",
        broken="passes_are_earned",
    ),
    Mutant(
        name="evidence of another plan or question counts",
        file=CORE + "verdict.py",
        old="if (result.input_digest, result.plan_digest) != (question_digest, plan.digest):",
        new="if False:",
        broken="passes_are_earned",
    ),
    Mutant(
        name="a suite that asked nobody passes",
        file=CORE + "verdict.py",
        old="if suite.blocking and (relay is None or not relay.requests):",
        new="if False:",
        broken="passes_are_earned",
    ),
    Mutant(
        name="a redriven execution passes",
        file=CORE + "decision.py",
        old="if execution.redrives:",
        new="if False:",
        broken="passes_are_earned",
    ),
    Mutant(
        name="the hook ignores the deadline",
        file=CORE + "decision.py",
        old="if left_s <= 0:",
        new="if False:",
        broken="waits_end_in_time",
    ),
    Mutant(
        name="a hook that passes by expiring is accepted",
        file=CORE + "decision.py",
        old='if "CONTINUE" in actions and mode is Mode.ENFORCE:',
        new="if False:",
        broken="passes_are_earned",
    ),
    Mutant(
        name="observing hooks and enforcing ones are mixed up",
        file="src/testgate/hook/answering.py",
        old="answer = Failed() if refused and not asked.observe else Succeeded()",
        new="answer = Failed() if refused and asked.observe else Succeeded()",
        broken="passes_are_earned",
    ),
    Mutant(
        name="an answer is not stored",
        file="src/testgate/hook/answering.py",
        old="for act in (self._store, self._emit):",
        new="for act in (self._emit,):",
        broken="answers_say_why",
    ),
    Mutant(
        name="AWS out of reach is a refusal",
        file="src/testgate/hook/gate.py",
        old="decision = decide_trouble(troubles, str(exc))",
        new="decision = _infra(str(exc))",
        broken="what_is_survived_passes",
    ),
    Mutant(
        name="the hook raises where AWS denies",
        file="src/testgate/hook/gate.py",
        old="except GateError as exc:\n            decision = _infra(str(exc))",
        new="except ConfigError as exc:\n            decision = _infra(str(exc))",
        broken="hook_never_raises",
    ),
    Mutant(
        name="a second record replaces the first",
        file=STEPS + "recording.py",
        old="if not bucket.put_json_once(place.record, record):",
        new='if bucket.put(place.record, json.dumps(record).encode(), "application/json"):',
        broken="records_stand",
    ),
    Mutant(
        name="cancel stops whatever runs",
        file=STEPS + "cancel.py",
        old="if sentence is None:\n                continue",
        new='sentence = sentence or "stopped"',
        broken="stops_are_due",
    ),
    Mutant(
        name="green gets no time to settle",
        file="state_machines/test_gate.asl.json",
        old='"MaxAttempts": 14',
        new='"MaxAttempts": 0',
        broken="what_is_survived_passes",
    ),
)


def main() -> int:
    """A line for each mutant; 1 if one was not found, or found by another invariant's fault."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        told = list(pool.map(search_in_copy, MUTANTS))
    for mutant, what in zip(MUTANTS, told, strict=True):
        _say(f"{what or 'NOT FOUND':<30}  {mutant.name}")
    missed = sum(mutant.broken not in what for mutant, what in zip(MUTANTS, told, strict=True))
    _say(f"{len(MUTANTS) - missed} breakages found by schedules, {missed} missed")
    return 1 if missed else 0


def search_in_copy(mutant: Mutant) -> str:
    """The invariants that broke there, and after how many schedules; "" if none did."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        copy = Path(place)
        for name in COPIED:
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        file = copy / mutant.file
        file.write_text(file.read_text().replace(mutant.old, mutant.new))
        paths = f"{copy / 'src'}{os.pathsep}{copy}"
        command = [sys.executable, "-m", "tests.schedules", "--processes", "1"]
        ended = subprocess.run(
            [*command, "--count", str(MOST_SCHEDULES)],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    sys.stdout.write(f"== {mutant.name}\n" + ended.stdout[ended.stdout.find("Schedule("):].split("\n\n")[0] + "\n"); sys.stdout.flush()
    if ended.returncode != FOUND:
        return ""
    names = [
        line.strip().partition(":")[0]
        for line in ended.stdout.rpartition("broken:")[2].splitlines()
    ]
    count = ended.stdout.rpartition(" schedules in ")[0].rpartition("\n")[2]
    return f"{', '.join(dict.fromkeys(filter(None, names)))} after {count}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
