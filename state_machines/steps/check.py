"""Between waves: does anybody still wait for this gate run? If not, the rest is not run.

Runs in the control bundle. It decides about money alone: Judge asks again before it answers.
"""

from collections.abc import Mapping
from typing import Any

from testgate.aws.clients import client
from testgate.aws.ecs import Ecs
from testgate.core.aws_events import dead_sentence
from testgate.core.binding import parse_question


def handler(event: Mapping[str, Any], _context: object) -> dict[str, object]:
    """The Lambda function: `{input}` in, `{awaited}` and, if it is not, `sentence` out."""
    return check(Ecs(client("ecs")), event["input"])


def check(ecs: Ecs, raw_input: object) -> dict[str, object]:
    """Whether the deployment still asks. Raises what is worth another try, InputError."""
    question = parse_question(raw_input)
    sentence = dead_sentence(question, ecs.deployment(str(question.deployment)))
    return {"awaited": sentence is None} | ({} if sentence is None else {"sentence": sentence})
