"""A pass is bound to its question: what ties an execution, and its output, to one deployment.

The execution's input is canonical JSON of the question and its name ends in the input's digest, so
same name means same question. Standard library only; imported by the hook and the steps.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from testgate.core.arns import (
    ServiceDeploymentArn,
    parse_service_deployment_arn,
    revision_belongs_to,
)
from testgate.core.canonical import DIGEST, canonical_json, digest_of, hex_of
from testgate.core.config import GateConfig, parse_config, spell_config
from testgate.core.errors import EvidenceError, InputError
from testgate.core.outcomes import Outcome

INPUT_SCHEMA = "testgate.input/1"
OUTPUT_SCHEMA = "testgate.output/1"
MAX_NAME = 80  # Step Functions' limit on the name of an execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this deployment, at this stage, with this revision, go on? Asked with this config."""

    deployment: ServiceDeploymentArn
    revision: str
    stage: str
    config: GateConfig

    @property
    def input_json(self) -> str:
        """The execution's input: canonical, so that it has one digest."""
        return canonical_json(
            {
                "schema": INPUT_SCHEMA,
                "deployment": str(self.deployment),
                "revision": self.revision,
                "stage": self.stage,
                "config": spell_config(self.config),
            }
        )

    @property
    def digest(self) -> str:
        """The digest of the input."""
        return digest_of(self.input_json)

    @property
    def execution_name(self) -> str:
        """A readable prefix and the input's digest, within 80 characters; no time, no chance."""
        digest = hex_of(self.digest)
        prefix = re.sub(r"[^0-9A-Za-z-]", "-", self.deployment.service)
        return f"{prefix[: MAX_NAME - len(digest) - 1]}-{digest}"


def parse_question(raw: object) -> Question:
    """The question in an execution's input. Raises InputError if it is not one of ours."""
    if not isinstance(raw, dict) or raw.get("schema") != INPUT_SCHEMA:
        raise InputError(f"the execution's input is not {INPUT_SCHEMA}; start gate runs by a hook")
    config = raw.get("config")
    revision, stage = raw.get("revision"), raw.get("stage")
    if not isinstance(config, dict) or not isinstance(revision, str) or not isinstance(stage, str):
        raise InputError("the execution's input lacks config, revision or stage")
    deployment = parse_service_deployment_arn(raw.get("deployment"))
    if not revision_belongs_to(revision, deployment):
        raise InputError(f"revision {revision!r} is not one of the deployment's service")
    question = Question(
        deployment=deployment, revision=revision, stage=stage, config=parse_config(config)
    )
    if canonical_json(raw) != question.input_json:
        raise InputError("the execution's input holds more than a question")
    return question


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Tests of a suite or a gate run. `total` is all that were collected or named."""

    total: int = 0
    passed: int = 0
    failed: int = 0
    flaky: int = 0
    skipped: int = 0
    quarantined: int = 0

    @property
    def ran(self) -> int:
        """Tests that ran to an end, whatever the end; quarantined ones left out."""
        return self.passed + self.failed + self.flaky

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            total=self.total + other.total,
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            flaky=self.flaky + other.flaky,
            skipped=self.skipped + other.skipped,
            quarantined=self.quarantined + other.quarantined,
        )

    def spell(self) -> dict[str, int]:
        """As it stands in outputs, evidence and records."""
        return {
            "total": self.total,
            "passed": self.passed,
            "failed": self.failed,
            "flaky": self.flaky,
            "skipped": self.skipped,
            "quarantined": self.quarantined,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOutput:
    """What a finished execution says: the verdict, and which question and plan it answers."""

    outcome: Outcome
    sentence: str
    input_digest: str
    plan_digest: str | None
    counts: Counts
    record_key: str

    def spell(self) -> dict[str, object]:
        """The output of Judge; `error` is what a refused execution fails with."""
        return {
            "schema": OUTPUT_SCHEMA,
            "outcome": self.outcome.value,
            "error": self.outcome.error_name,
            "sentence": self.sentence,
            "input_digest": self.input_digest,
            "plan_digest": self.plan_digest,
            "counts": self.counts.spell(),
            "record_key": self.record_key,
        }


def parse_output(raw: object) -> GateOutput:
    """The output of an execution. Raises EvidenceError for any other shape."""
    if not isinstance(raw, dict) or raw.get("schema") != OUTPUT_SCHEMA:
        raise EvidenceError(f"the execution's output is not {OUTPUT_SCHEMA}")
    texts = [raw.get(key) for key in ("outcome", "sentence", "input_digest", "record_key")]
    plan_digest = raw.get("plan_digest")
    if not all(isinstance(text, str) for text in texts):
        raise EvidenceError("the execution's output lacks one of its texts")
    if raw["outcome"] not in [outcome.value for outcome in Outcome]:
        raise EvidenceError(f"the execution's output has an unknown outcome {raw['outcome']!r}")
    if plan_digest is not None and not (
        isinstance(plan_digest, str) and DIGEST.fullmatch(plan_digest)
    ):
        raise EvidenceError("the execution's output has no digest as plan_digest")
    return GateOutput(
        outcome=Outcome(raw["outcome"]),
        sentence=raw["sentence"],
        input_digest=raw["input_digest"],
        plan_digest=plan_digest,
        counts=parse_counts(raw.get("counts")),
        record_key=raw["record_key"],
    )


def parse_counts(raw: object) -> Counts:
    """Counts as stored. Raises EvidenceError unless each is a whole number and they add up."""
    names = ("total", "passed", "failed", "flaky", "skipped", "quarantined")
    if not isinstance(raw, Mapping) or set(raw) != set(names):
        raise EvidenceError("counts are not those of a gate run")
    if any(type(raw[name]) is not int or raw[name] < 0 for name in names):
        raise EvidenceError("counts hold something that is no count")
    counts = Counts(**{name: raw[name] for name in names})
    if counts.ran + counts.skipped + counts.quarantined != counts.total:
        raise EvidenceError("counts do not add up to their total")
    return counts


def binding_problem(output: GateOutput, question: Question) -> str | None:
    """Why a successful execution is no pass for this question; None if it is one."""
    if output.input_digest != question.digest:
        return "its output answers another question"
    if output.outcome is not Outcome.PASSED:
        return f"its output says {output.outcome.value}"
    if output.plan_digest is None:
        return "its output names no plan"
    if output.counts.ran < 1 or output.counts.failed:
        return "its output counts no run tests, or failed ones"
    return None
