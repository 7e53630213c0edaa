"""AWS Lambda on this machine: functions known to moto, run by AWS's own runtime client.

`LambdaHost` is the front door; faults, errors and records are the values around it. Imported by
`testgate.local.world` and by tests.
"""

from testgate.local.lambdas.errors import (
    FunctionNotFoundError,
    InvalidCodeError,
    InvalidParameterError,
    InvalidPayloadError,
    LambdaError,
    PayloadTooLargeError,
    ServiceFailureError,
    ThrottledError,
    UnsupportedRuntimeError,
)
from testgate.local.lambdas.faults import (
    Crash,
    Fault,
    Hang,
    Moment,
    ReplaceAnswer,
    ServiceFailure,
    Throttle,
)
from testgate.local.lambdas.host import LambdaHost
from testgate.local.lambdas.model import Invocation, InvocationRecord, Outcome

__all__ = [
    "Crash",
    "Fault",
    "FunctionNotFoundError",
    "Hang",
    "InvalidCodeError",
    "InvalidParameterError",
    "InvalidPayloadError",
    "Invocation",
    "InvocationRecord",
    "LambdaError",
    "LambdaHost",
    "Moment",
    "Outcome",
    "PayloadTooLargeError",
    "ReplaceAnswer",
    "ServiceFailure",
    "ServiceFailureError",
    "Throttle",
    "ThrottledError",
    "UnsupportedRuntimeError",
]
