"""What the relay answers itself instead of green, and what that makes of a request.

Imported by `testgate.runner.relay` and `testgate.runner.relaying`.
"""

from enum import StrEnum
from http import HTTPStatus


class Loss(StrEnum):
    """How a request came to nothing: never sent, because the relay refused it or no connection came
    about, or left without an answer."""

    REFUSED = "refused"
    UNREACHED = "unreached"
    UNANSWERED = "unanswered"


class OwnAnswerError(Exception):
    """What the relay answers itself instead of green, and why."""

    def __init__(self, status: HTTPStatus, text: str, loss: Loss = Loss.REFUSED) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.loss = loss


def refusal(problem: str) -> OwnAnswerError:
    """Of a request that is none, or that two readers could understand differently."""
    return OwnAnswerError(HTTPStatus.BAD_REQUEST, f"the request cannot be passed on: {problem}")
