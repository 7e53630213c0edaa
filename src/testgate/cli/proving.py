"""Each suite run once where nothing answers, before it is published: one that passes there tests
something else, and would wave every version through.

Imported by the command `publish`.
"""

import io
import os
import re
import socket
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from testgate.cli.granting import stand_ins
from testgate.cli.running import Against, Happening, context_of, run_plan
from testgate.core.evidence import Evidence, Result
from testgate.core.outcomes import Outcome
from testgate.core.plan import Plan, Suite
from testgate.core.quarantine import MAX_SHARE_PERCENT, too_many
from testgate.core.run_verdict import run_problem

LIMIT_S = 60  # of a suite that waits for somebody to answer
MAX_URLS = 3
# What no service that answers would mend.
_NOT_IMPORTED = re.compile(r"(?:ModuleNotFoundError|ImportError|SyntaxError|IndentationError)\b")
_URL = re.compile(rb"https?://([A-Za-z0-9][A-Za-z0-9.-]*)(?::\d+)?")
_NOBODYS = re.compile(
    rb"localhost|127\.0\.0\.1|0\.0\.0\.0|(?:.*\.)?example\.(?:com|org|net)|.*\.(?:test|invalid)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What became of a suite where nothing answers. `problem`: why it must not be published;
    `says`: otherwise, how it did."""

    suite: Suite
    says: str
    problem: str | None = None


def prove(
    bundles: Mapping[str, bytes],
    suites: Sequence[Suite],
    parameters: Mapping[str, str],
    jobs: int,
    tell: Callable[[Happening], None],
) -> list[Proof]:
    """Run the suites side by side against a port that refuses connections."""
    if not suites:
        return []
    plan = Plan(gate="proof", waves=(tuple(_once(suite) for suite in suites),))
    with dead_url() as url:
        grants = stand_ins(suites, os.environ)
        against = Against(url=url, parameters=parameters, jobs=jobs, grants=grants)
        context = context_of(plan, against, datetime.now(UTC))
        results, _ = run_plan(bundles, plan, context, against, tell)
    by_name = {result.run.suite: result for result in results}
    today = datetime.now(UTC).date()
    return [
        judge_proof(suite, by_name[suite.name], today, urls_in(bundles.get(suite.bundle)))
        for suite in suites
    ]


def judge_proof(suite: Suite, result: Result, on: date, urls: Sequence[str] = ()) -> Proof:
    """Whether a suite may be published, by what it did; `on` is the day by which quarantine counts,
    `urls` are those in its files.

    What breaks there may be broken because nothing answers, and so has not passed: it is told, and
    refused only where no deployment could mend it.
    """

    def refused(why: str) -> Proof:
        return Proof(suite=suite, says="", problem=f"suite {suite.name!r} {why}")

    if not isinstance(result, Evidence):
        return refused(f"could not be run: {result.cause}")
    counted = _counting_problem(suite, result, on)
    if counted is not None:
        return refused(counted)
    if result.timed_out:
        limit_s = min(suite.timeout_s, LIMIT_S)
        return Proof(suite=suite, says=f"does not end within {limit_s} s where nothing answers")
    wrong = run_problem(suite, result, None)
    if wrong is not None and wrong.outcome in (Outcome.SUITE_ERROR, Outcome.INFRA_ERROR):
        broken = f"{wrong.sentence}{_tail(result)}"
        if _NOT_IMPORTED.search(result.output_tail):
            return Proof(suite=suite, says="", problem=broken)
        says = f"it broke where nothing answers, and so did not pass there: {broken}"
        return Proof(suite=suite, says=says)
    ran = [test for test in result.tests if test.outcome is not Outcome.SKIPPED]
    passed = [test for test in ran if test.outcome is Outcome.PASSED]
    if ran and len(passed) == len(ran):
        return _passes_there(suite, len(ran), urls)
    also = f", {len(passed)} of them pass there all the same" if passed else ""
    total = _total(result)
    return Proof(suite=suite, says=f"{total} tests; it does not pass where nothing answers{also}")


def _total(result: Evidence) -> int:
    return result.collected.total if result.collected else len(result.tests)


def _counting_problem(suite: Suite, result: Evidence, on: date) -> str | None:
    """Why the suite could never pass by its numbers, as far as it told them."""
    total = _total(result)
    if result.collected is None and (result.timed_out or not result.tests):
        return None
    if result.collected is not None and result.collected.total == 0:
        return None  # not collected: told by its exit code
    names = {test.name for test in result.tests}
    counting = {entry.test for entry in suite.quarantine if entry.counts_on(on)}
    quarantined = len(names & counting)
    if too_many(quarantined, total):
        share = f"at most {MAX_SHARE_PERCENT} % may be"
        return f"has {quarantined} of {total} tests quarantined, {share}"
    if total - quarantined < suite.min_tests:
        also = f", {quarantined} of them quarantined" if quarantined else ""
        return f"has {total} tests{also}, and its min_tests is {suite.min_tests}"
    return None


def urls_in(bundle: bytes | None) -> list[str]:
    """`file:line host` of each address in a bundle's files that could be somebody's."""
    if bundle is None:  # of a suite of checks, which have no address of their own
        return []
    return [
        f"{name}:{number} {url.decode(errors='replace')}"
        for name, data in _files(bundle)
        for number, line in enumerate(data.splitlines(), 1)
        for url in _addresses(line)
    ]


@contextmanager
def dead_url() -> Iterator[str]:
    """An address that refuses connections, and stays so: its port is taken and nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


def _once(suite: Suite) -> Suite:
    return replace(
        suite,
        shards=1,
        attempts=1,
        thresholds=(),
        quarantine=(),
        min_tests=1,
        timeout_s=min(suite.timeout_s, LIMIT_S),
    )


def _passes_there(suite: Suite, count: int, urls: Sequence[str]) -> Proof:
    if count == 1:
        what = "passes where nothing answers"
    else:
        what = f"passes where nothing answers, all {count} tests of it"
    if not suite.blocking:
        return Proof(suite=suite, says=f"{what}; it is advisory")
    found = f"; it names {', '.join(urls[:MAX_URLS])}" if urls else ""
    why = "it does not test what BASE_URL names, and would let every version pass"
    problem = f"suite {suite.name!r} {what}: {why}{found}"
    return Proof(suite=suite, says="", problem=problem)


def _tail(evidence: Evidence) -> str:
    """The last error that pytest printed, if the sentence does not have it."""
    lines = [line.strip() for line in evidence.output_tail.splitlines()]
    errors = [line.removeprefix("E ").strip() for line in lines if line.startswith("E ")]
    return f" ({errors[-1]})" if errors else ""


def _addresses(line: bytes) -> Iterator[bytes]:
    for found in _URL.finditer(line):
        if not _NOBODYS.fullmatch(found[1].lower()):
            yield found[0]


def _files(bundle: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)
