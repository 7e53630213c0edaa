"""Fakes of the AWS ports: dictionaries behind the same methods, and failures on demand."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from testgate.aws.approvals import Approvals
from testgate.aws.cloudwatch import CloudWatch, MetricQuery, Points
from testgate.aws.ecr import Ecr
from testgate.aws.ecs import Ecs, RevisionFacts
from testgate.aws.events import ANSWERED, EventBus
from testgate.aws.s3 import Bucket
from testgate.aws.stepfunctions import StepFunctions
from testgate.core.admission import ScanFacts, SignatureFacts
from testgate.core.approval import Upload
from testgate.core.arns import ServiceDeploymentArn
from testgate.core.canonical import digest_of
from testgate.core.errors import NotFoundError, PortError
from testgate.core.facts import DeploymentFacts, ExecutionFacts
from testgate.core.images import EcrPlace, ImageName
from testgate.core.metrics import AlarmFacts
from tests.core.samples import START


class Failures:
    """Errors that named calls raise, each as often as it stands in the list."""

    def __init__(self) -> None:
        self.queued: dict[str, list[PortError]] = {}

    def add(self, call: str, *errors: PortError) -> None:
        self.queued.setdefault(call, []).extend(errors)

    def strike(self, call: str) -> None:
        if self.queued.get(call):
            raise self.queued[call].pop(0)


class FakeBucket(Bucket):
    """A bucket in memory."""

    def __init__(self, failures: Failures | None = None) -> None:
        self.name = "records"
        self.objects: dict[str, bytes] = {}
        self.failures = failures or Failures()

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self.failures.strike("put")
        self.objects[key] = body

    def put_once(self, key: str, body: bytes, content_type: str) -> bool:
        self.failures.strike("put_once")
        if key in self.objects:
            return False
        self.objects[key] = body
        return True

    def get(self, key: str) -> bytes:
        self.failures.strike("get")
        if key not in self.objects:
            raise NotFoundError(f"reading {key}: NoSuchKey")
        return self.objects[key]

    def exists(self, key: str) -> bool:
        return key in self.objects

    def tagged_keys(
        self, prefix: str, limit: int = 1000, after: str = ""
    ) -> Iterator[tuple[str, str]]:
        self.failures.strike("keys")
        found = (key for key in self.objects if key.startswith(prefix) and key > after)
        for key in sorted(found)[:limit]:
            yield key, digest_of(self.objects[key])

    def _folders(self, prefix: str, limit: int | None) -> Iterator[str]:
        rests = (key.removeprefix(prefix) for key in self.objects if key.startswith(prefix))
        yield from sorted({f"{prefix}{rest.split('/')[0]}/" for rest in rests if "/" in rest})


class FakeExecutions(StepFunctions):
    """Executions in memory; `finish` ends one."""

    def __init__(self, failures: Failures | None = None) -> None:
        self.by_arn: dict[str, ExecutionFacts] = {}
        self.visible = True
        self.starts: list[str] = []
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.stops: list[tuple[str, str, str]] = []
        self.failures = failures or Failures()

    def start(self, state_machine_arn: str, name: str, input_json: str) -> bool:
        self.failures.strike("start")
        self.starts.append(name)
        arn = state_machine_arn.replace(":stateMachine:", ":execution:") + ":" + name
        known = self.by_arn.get(arn)
        if known is not None:
            return known.status == "RUNNING" and known.input == input_json
        self.by_arn[arn] = ExecutionFacts(status="RUNNING", started_at=START, input=input_json)
        return True

    def describe(self, execution_arn: str) -> ExecutionFacts | None:
        self.failures.strike("describe")
        return self.by_arn.get(execution_arn) if self.visible else None

    def stop(self, execution_arn: str, error: str, cause: str) -> None:
        self.failures.strike("stop")
        self.stops.append((execution_arn, error, cause))

    def running(self, state_machine_arn: str) -> Iterator[tuple[str, str]]:
        self.failures.strike("running")
        for arn, facts in self.by_arn.items():
            if facts.status == "RUNNING":
                yield arn, arn.rpartition(":")[2]

    def history(self, execution_arn: str) -> Iterator[Mapping[str, Any]]:
        self.failures.strike("history")
        yield from self.histories.get(execution_arn, ())


class FakeEcs(Ecs):
    """One deployment and its revision."""

    def __init__(self, facts: DeploymentFacts, revision: RevisionFacts | None = None) -> None:
        self.facts = facts
        self.revision_facts = revision
        self.failures = Failures()
        self.next_facts: list[DeploymentFacts] = []
        self.defined_images: dict[str, str] = {}
        self.succeeded_before = False

    def deployment(self, arn: str) -> DeploymentFacts:
        """The facts of now; each look makes the next ones those of now."""
        self.failures.strike("deployment")
        seen, self.facts = self.facts, (self.next_facts or [self.facts])[0]
        self.next_facts = self.next_facts[1:]
        return seen

    def revision(self, arn: str) -> RevisionFacts:
        self.failures.strike("revision")
        if self.revision_facts is None:
            raise NotFoundError(f"ECS knows no service revision {arn}")
        return self.revision_facts

    def images_of(self, task_definition_arn: str) -> Mapping[str, str]:
        self.failures.strike("images_of")
        return self.defined_images

    def has_succeeded(self, deployment: ServiceDeploymentArn) -> bool:
        self.failures.strike("has_succeeded")
        return self.succeeded_before


class FakeBus(EventBus):
    """Keeps what was emitted."""

    def __init__(self) -> None:
        self.emitted: list[dict[str, Any]] = []  # answers
        self.started: list[dict[str, Any]] = []
        self.failures = Failures()

    def emit(self, detail: Any, resources: list[str], kind: str = ANSWERED) -> None:
        self.failures.strike("emit")
        (self.emitted if kind == ANSWERED else self.started).append(dict(detail))


class FakeEcr(Ecr):
    """Scans and signatures by repository; everything is clean and unsigned unless said."""

    def __init__(self) -> None:
        self.scans: dict[str, ScanFacts] = {}
        self.signatures: dict[str, SignatureFacts] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.failures = Failures()

    def scan(self, image: ImageName, place: EcrPlace, digest: str | None) -> ScanFacts:
        self.asked.append((str(image), digest))
        self.failures.strike("scan")
        return self.scans.get(image.repository, ScanFacts(status="COMPLETE"))

    def signature(self, image: ImageName, place: EcrPlace, digest: str | None) -> SignatureFacts:
        self.failures.strike("signature")
        return self.signatures.get(image.repository, SignatureFacts())


class FakeApprovals(Approvals):
    """Uploads in memory, by key."""

    def __init__(self, bucket: str = "approvals") -> None:
        self.bucket = bucket
        self.uploads: dict[str, Upload] = {}
        self.failures = Failures()

    def find(self, key: str, *, read: bool = False) -> Upload | None:
        self.failures.strike("find")
        return self.uploads.get(key)


class FakeCloudWatch(CloudWatch):
    """Points by the metric's name, and alarms by theirs."""

    def __init__(self) -> None:
        self.points: dict[str, list[tuple[datetime, float]]] = {}
        self.states: dict[str, AlarmFacts] = {}
        self.asked: list[MetricQuery] = []
        self.failures = Failures()

    def values(
        self, queries: Sequence[MetricQuery], period_s: int, start: datetime, end: datetime
    ) -> tuple[Points, ...]:
        self.failures.strike("values")
        self.asked.extend(queries)
        return tuple(
            tuple(point for point in self.points.get(query.name, ()) if start <= point[0] < end)
            for query in queries
        )

    def alarms(self, names: Sequence[str]) -> Mapping[str, AlarmFacts]:
        self.failures.strike("alarms")
        for name in names:
            if name not in self.states:
                raise NotFoundError(f"CloudWatch knows no alarm {name!r} here")
        return {name: self.states[name] for name in names}
