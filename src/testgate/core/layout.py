"""Where things lie in the record bucket: every key is spelled here and nowhere else.

    runs/<cluster>/<service>/<deployment id>/<run name>/{record.json, answer.json}
    runs/<...>/{report.md, report.html, report.junit.xml, report.ctrf.json}
    runs/<...>/evidence/<suite>/<shard>/<attempt>-<retry>/{evidence.json, junit.xml, output.txt}
    runs/<...>/evidence/identity/{before,after}-<retry>.json
    runs/<...>/checks/<number>.<result>.json
    index/<cluster>/<service>/<reversed ms>.<outcome>.<deployment id>.<run name>   (empty objects)
    waiting/<cluster>/<service>/<deployment id>/<run name>.json
    runs/<...>/evidence/<suite>/<shard>/<attempt>-<retry>/artifacts/<path>
    plans/sha256/<hex>.json  plans/gates/<name>.json  plans/suites/<name>.json
    progress/<execution name>/<suite>-<shard>.json
    states/<reversed ms of the start>.<execution name>/{prepare,ready,judge}.json
    plans/gates/<name>/<hex of an image's digest>.json
    bundles/suites/<hex>.zip
    durations/sha256/<hex>.json  durations/gates/<gate>/<suite>.json

The run name is the execution's name, or begins with the kind of a hook that has no execution.
Standard library only; imported by everything that stores.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from testgate.core.arns import ServiceDeploymentArn
from testgate.core.canonical import hex_of
from testgate.core.outcomes import Outcome

if TYPE_CHECKING:
    from testgate.core.evidence import Run  # the hook has no other need of it

INDEX = "index/"
NO_EXECUTION = "no-execution"  # the run name of a gate run that was refused without one
_END_OF_TIME_MS = 9_999_999_999_999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Text: what is compiled here would be compiled at each cold start of a hook, which reads no keys.
_WAITING = (
    r"waiting/(?P<cluster>[^/]+)/(?P<service>[^/]+)/(?P<deployment>[0-9A-Za-z_-]+)/"
    r"(?P<name>[0-9A-Za-z_-]+)\.json"
)
_CHECK = r".+/checks/(?P<number>\d{4})\.(?P<result>good|missing|bad)\.json"
_ENTRY = (
    r"index/(?P<cluster>[^/]+)/(?P<service>[^/]+)/(?P<reversed>\d{13})\.(?P<outcome>[a-z_]+)\."
    r"(?P<deployment>[0-9A-Za-z_-]+)\.(?P<name>[0-9A-Za-z_-]+)"
)
_STATES = r"(?P<reversed>\d{13})\.(?P<name>[0-9A-Za-z_-]+)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlace:
    """One gate run's place in the bucket."""

    cluster: str
    service: str
    deployment_id: str
    run_name: str

    @property
    def prefix(self) -> str:
        """Ends in a slash."""
        whole = deployment_prefix(self.cluster, self.service, self.deployment_id)
        return f"{whole}{self.run_name}/"

    @property
    def record(self) -> str:
        """The gate-run record."""
        return f"{self.prefix}record.json"

    @property
    def answer(self) -> str:
        """What the hook answered."""
        return f"{self.prefix}answer.json"

    @property
    def answers(self) -> str:
        """The prefix of every answer."""
        return f"{self.prefix}answer"

    def another_answer(self, request_id: str) -> str:
        """An answer that differs from the first."""
        return f"{self.answers}-{_plain(request_id)}.json"

    @property
    def waiting(self) -> str:
        """Since when the hook has been asked, and what it waits for; kept for days only."""
        return (
            f"{waiting_prefix(self.cluster, self.service, self.deployment_id)}{self.run_name}.json"
        )

    @property
    def checks(self) -> str:
        """The prefix of what was seen at each check."""
        return f"{self.prefix}checks/"

    def check(self, number: int, result: str) -> str:
        """What was seen at one check; its key alone tells the result."""
        return f"{self.checks}{number:04d}.{result}.json"

    @property
    def report(self) -> str:
        """The report in Markdown."""
        return f"{self.prefix}report.md"

    @property
    def page(self) -> str:
        """The report as an HTML page."""
        return f"{self.prefix}report.html"

    @property
    def junit(self) -> str:
        """The report as JUnit XML. Named apart from a suite's own junit.xml: those who may write
        the one must not be able to write the other."""
        return f"{self.prefix}report.junit.xml"

    @property
    def ctrf(self) -> str:
        """The report in the Common Test Report Format."""
        return f"{self.prefix}report.ctrf.json"

    def evidence(self, run: "Run", file: str) -> str:
        """A file that one run of one shard left."""
        return f"{self.prefix}evidence/{run.path}/{file}"

    def index(self, outcome: Outcome, at: datetime) -> str:
        """The index entry of a run that ended then: a plain LIST gives the newest first."""
        prefix = index_prefix(self.cluster, self.service)
        return f"{prefix}{reversed_ms(at)}.{outcome.value}.{self.deployment_id}.{self.run_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """What an index key says by itself."""

    place: RunPlace
    outcome: Outcome
    ended_at: datetime


def place_of(deployment: ServiceDeploymentArn, run_name: str | None) -> RunPlace:
    """Where a run for that deployment lies; None names a gate run that never got an execution."""
    return RunPlace(
        cluster=deployment.cluster,
        service=deployment.service,
        deployment_id=deployment.deployment_id,
        run_name=run_name or NO_EXECUTION,
    )


def deployment_prefix(cluster: str, service: str, deployment_id: str) -> str:
    """Everything that gate runs of one deployment left."""
    return f"runs/{cluster}/{service}/{deployment_id}/"


def index_prefix(cluster: str, service: str) -> str:
    """The index of one service."""
    return f"{INDEX}{cluster}/{service}/"


def reversed_ms(at: datetime) -> str:
    """How the index spells a time: later ones sort first."""
    return f"{_END_OF_TIME_MS - (at - _EPOCH) // timedelta(milliseconds=1):013d}"


def _at(reversed_text: str) -> datetime:
    return _EPOCH + timedelta(milliseconds=_END_OF_TIME_MS - int(reversed_text))


def waiting_prefix(cluster: str, service: str, deployment_id: str = "") -> str:
    """What hooks of a service, or of one of its deployments, wait or waited for lately."""
    return f"waiting/{cluster}/{service}/" + (f"{deployment_id}/" if deployment_id else "")


def parse_waiting_key(key: str) -> RunPlace | None:
    """The place of the run that waits, or None for a key that is none."""
    match = re.fullmatch(_WAITING, key)
    if match is None:
        return None
    return RunPlace(
        cluster=match["cluster"],
        service=match["service"],
        deployment_id=match["deployment"],
        run_name=match["name"],
    )


def parse_check_key(key: str) -> tuple[int, str] | None:
    """Number and result of a check, or None for a key that is none."""
    match = re.fullmatch(_CHECK, key)
    return (int(match["number"]), match["result"]) if match else None


def parse_index_key(key: str) -> IndexEntry | None:
    """The entry, or None for a key that is none."""
    match = re.fullmatch(_ENTRY, key)
    if match is None or match["outcome"] not in [outcome.value for outcome in Outcome]:
        return None
    return IndexEntry(
        place=RunPlace(
            cluster=match["cluster"],
            service=match["service"],
            deployment_id=match["deployment"],
            run_name=match["name"],
        ),
        outcome=Outcome(match["outcome"]),
        ended_at=_at(match["reversed"]),
    )


PROGRESS = "progress/"  # of all gate runs that are under way, or were within days


def progress_prefix(execution_name: str) -> str:
    """What shards of a gate run tell while they run; kept for days only."""
    return f"{PROGRESS}{execution_name}/"


def progress_key(execution_name: str, suite: str, shard: int) -> str:
    """How far one shard is."""
    return f"{progress_prefix(execution_name)}{suite}-{shard}.json"


STATES = "states/"  # of the gate runs that began within days, the newest first


def state_key(started_at: datetime, execution_name: str, told: str) -> str:
    """Where a step of a gate run tells that it has been entered."""
    return f"{STATES}{reversed_ms(started_at)}.{execution_name}/{told}.json"


def parse_state_folder(folder: str) -> tuple[datetime, str] | None:
    """When a gate run began, and its execution's name, or None for a folder that is none."""
    match = re.fullmatch(_STATES, folder)
    return (_at(match["reversed"]), match["name"]) if match else None


def answers_key(prefix: str, when: str, retry: int) -> str:
    """What green answered before or after the tests of the gate run with that prefix."""
    return f"{prefix}evidence/identity/{when}-{retry}.json"


def proof_key(suite_digest: str) -> str:
    """Where it stands that a suite, as it is spelled in a plan, has been proven."""
    return f"proofs/{suite_digest.removeprefix('sha256:')}.json"


def plan_key(digest: str) -> str:
    """A published plan, by its digest."""
    return f"plans/sha256/{hex_of(digest)}.json"


def gate_key(name: str) -> str:
    """The pointer from a gate's name to its latest plan's digest."""
    return f"plans/gates/{name}.json"


def image_gate_key(name: str, image_digest: str) -> str:
    """The pointer from a gate's name and an image's digest to the plan published for that image."""
    return f"plans/gates/{name}/{hex_of(image_digest)}.json"


def suite_key(name: str) -> str:
    """A suite's latest published definition."""
    return f"plans/suites/{name}.json"


def suite_bundle_key(digest: str) -> str:
    """A suite's published zip, by its digest."""
    return f"bundles/suites/{hex_of(digest)}.zip"


def durations_key(digest: str) -> str:
    """How long the tests of a suite took, by the document's digest."""
    return f"durations/sha256/{hex_of(digest)}.json"


def latest_durations_key(gate: str, suite: str) -> str:
    """The pointer to those of a gate's suite that are the latest."""
    return f"durations/gates/{gate}/{suite}.json"


def error_key(request_id: str, at: datetime) -> str:
    """Where a refusal goes that belongs to no deployment."""
    return f"errors/{at:%Y/%m/%d}/{at:%H%M%S}-{_plain(request_id)}.json"


def _plain(text: str) -> str:
    return re.sub("[^0-9A-Za-z-]", "-", text)
