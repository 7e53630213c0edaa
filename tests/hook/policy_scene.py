"""A hook without an execution, with fakes around it and a clock that tests move.

Imported by the tests of admission, approval and metrics.
"""

import json
from typing import Any, ClassVar

from testgate.core.answers import HookAnswer
from testgate.hook.answering import Answering
from testgate.hook.inquiring import Inquiring
from tests.core.samples import ARN, FUNCTION, GREEN, START, deployment
from tests.fakes.ports import FakeBucket, FakeBus, FakeEcs


class PolicyScene:
    """What the scenes of all kinds have; each makes its own `hook`."""

    hook: Any
    stage = ""
    details: ClassVar[dict[str, Any]] = {}

    def __init__(self, kind, facts=None):
        self.ecs = FakeEcs(facts or deployment(stage=self.stage, created_at=START))
        self.bucket = FakeBucket()
        self.bus = FakeBus()
        self.time = START
        self.abandoned = False
        self.decided: list[HookAnswer] = []
        self.inquiring = Inquiring(
            kind=kind,
            ecs=self.ecs,
            answering=Answering(
                bucket=self.bucket,
                bus=self.bus,
                request_id="request-1",
                now=lambda: self.time,
                abandoned=lambda: self.abandoned,
                decided=self.decided.append,
            ),
            function_arn=FUNCTION,
            now=lambda: self.time,
        )

    def good(self):
        """Let there be what the next call allows."""
        raise NotImplementedError

    def bad(self):
        """Let there be what the next call refuses."""
        raise NotImplementedError

    def call(self, details=None, stage=None, **changes):
        event = {
            "executionId": "x",
            "lifecycleStage": stage or self.stage,
            "resourceArn": ARN,
            "executionDetails": {
                "serviceArn": "s",
                "targetServiceRevisionArn": GREEN,
                "testTrafficWeights": {},
                "productionTrafficWeights": {},
            },
        } | changes
        if details is not None:
            event["hookDetails"] = details
        return self.hook.answer(event)

    def told(self):
        answers = [key for key in self.bucket.objects if key.endswith("answer.json")]
        assert len(answers) == 1, answers
        return json.loads(self.bucket.objects[answers[0]])

    def sentence(self):
        return self.told()["sentence"]

    def noted(self):
        (key,) = [key for key in self.bucket.objects if key.startswith("waiting/")]
        return json.loads(self.bucket.objects[key])
