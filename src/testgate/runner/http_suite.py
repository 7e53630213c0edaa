"""The program that asks the checks of an http suite, one after another, and reports them in CTRF.

The runner starts it as it starts every suite: with a deadline, through the relay, with the suite's
environment and nothing of the runner's own. `python -m testgate.runner.http_suite CHECKS_JSON`
exits 0 if all passed, 1 if some did not, 2 if a check cannot be asked in this run.
"""

import io
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from testgate.core.checks import Check
from testgate.core.errors import InputError
from testgate.core.masking import hidden_values, mask
from testgate.core.redaction import MARK, redact
from testgate.core.storing import plain
from testgate.core.variables import PARAMETER, VARIABLES
from testgate.runner.http_asking import Reply, UnansweredError, ask
from testgate.runner.http_judging import Told, wrongs
from testgate.runner.http_order import Green, read_order
from testgate.runner.http_telling import trace_of
from testgate.runner.progress_file import ended_line, tell_progress

REPORT = "ctrf.json"
_STATUSES = ("passed", "failed", "skipped", "pending", "other")
_PAUSE_S = 0.5
_INTERRUPTED = 130  # as a shell says it


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of a check, as it may be shown. `tries` counts the connections that were made."""

    check: Check
    wrong: tuple[str, ...]
    reply: Reply | None
    took_ms: float
    tries: int

    @property
    def status(self) -> str:
        """CTRF's word for it."""
        return "failed" if self.wrong or self.reply is None else "passed"


def ask_check(
    check: Check,
    base_url: str,
    sleep: Callable[[float], None] = time.sleep,
    *,
    told: Told = str,
    shown: Check | None = None,
) -> Asked:
    """Ask once, and again only if the connection broke; an answer, whatever it is, stands. `told`:
    how a text is told that may hold a secret; `shown`: the check without its secrets."""
    began_s = time.monotonic()
    reply, tries = None, 0
    wrong: tuple[str, ...] = ()
    while reply is None and tries <= check.retries:
        if tries:
            sleep(_PAUSE_S)
        tries += 1
        try:
            reply = ask(check, base_url, check.timeout_s)
        except UnansweredError as exc:
            wrong = (told(str(exc)),)
            if not exc.again:
                break
        else:
            wrong = tuple(wrongs(check, reply, told))
    took_ms = (time.monotonic() - began_s) * 1000
    return Asked(check=shown or check, wrong=wrong, reply=reply, took_ms=took_ms, tries=tries)


def spell_asked(asked: Asked, green: Green, told: Told = str) -> dict[str, object]:
    """A test of a CTRF report; one whose connection broke first is flaky there."""
    spelled: dict[str, object] = {
        "name": asked.check.name,
        "status": asked.status,
        "duration": round(asked.took_ms),
    }
    if asked.status == "passed":
        return spelled | ({"retries": asked.tries - 1} if asked.tries > 1 else {})
    message = "; ".join(asked.wrong)
    trace = f"{message}\n\n{trace_of(asked.check, green, asked.reply, told)}"
    return spelled | {"message": told(message), "trace": told(trace)}


def report_of(tests: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """The whole report."""
    counted = Counter(test["status"] for test in tests)
    summary = {"tests": len(tests)} | {status: counted[status] for status in _STATUSES}
    results = {"tool": {"name": "testgate"}, "summary": summary, "tests": list(tests)}
    return {"reportFormat": "CTRF", "results": results}


def run(order: str, environment: Mapping[str, str], results_dir: Path) -> int:
    """Ask what is ordered; the exit code."""
    checks, green, own, named = read_order(order)
    values = {
        name: text
        for name, text in environment.items()
        if name in VARIABLES or name.startswith(PARAMETER) or name in own | named
    }
    secrets = {n: text for n, text in values.items() if n in named or _is_secret(n)}
    hidden = hidden_values({}, secrets)
    marked = values | dict.fromkeys(secrets, MARK)

    def told(text: str) -> str:
        return mask(text, hidden)

    try:
        ready = [(check.filled(values), check.filled(marked)) for check in checks]
    except InputError as exc:
        _say(told(str(exc)))
        return 2
    tell_progress(f"of {len(ready)}", environment)
    tests: list[dict[str, object]] = []
    code = 0
    try:
        for check, shown in ready:
            asked = ask_check(check, environment["TESTGATE_BASE_URL"], told=told, shown=shown)
            tests.append(spell_asked(asked, green, told))
            code = max(code, int(asked.status != "passed"))
            said = f": {told('; '.join(asked.wrong))}" if asked.wrong else ""
            _say(f"{asked.status} {check.name} in {asked.took_ms:.0f} ms{said}")
            tell_progress(ended_line(asked.status, check.name), environment)
    except KeyboardInterrupt:
        _say(f"interrupted after {len(tests)} of {len(ready)} checks")
        code = _INTERRUPTED
    (results_dir / REPORT).write_text(json.dumps(report_of(tests)))
    return code


def _is_secret(name: str) -> bool:
    probe = f"{name}=probe"
    return redact(probe) != probe


def _say(line: str) -> None:
    sys.stdout.write(f"{plain(line)}\n")
    sys.stdout.flush()


def main() -> int:
    """As the module's docstring says."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    order = Path(sys.argv[1]).read_text(encoding="utf-8")
    return run(order, os.environ, Path(os.environ["TESTGATE_RESULTS_DIR"]))


if __name__ == "__main__":
    sys.exit(main())
