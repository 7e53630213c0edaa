"""Errors of the Invoke API: one class per AWS error, each with its HTTP status and wire shape.

Raised by the Lambda host before or instead of running a function; what the *function* did wrong is
an answer, never one of these. Importable by anyone in `testgate.local`.
"""

from typing import ClassVar


class LambdaError(Exception):
    """Base: the call itself was refused.

    `code` is the AWS error code (documented names of the Invoke operation, unless a class says
    otherwise); `status` its HTTP status.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "ServiceException"
    fault_type: ClassVar[str] = "User"
    message_key: ClassVar[str] = "message"
    extra: ClassVar[dict[str, str]] = {}

    def body(self) -> dict[str, str]:
        """The JSON document AWS answers with."""
        return {"Type": self.fault_type, self.message_key: str(self), **self.extra}


class FunctionNotFoundError(LambdaError):
    """No such function, version or alias."""

    status = 404
    code = "ResourceNotFoundException"
    message_key = "Message"


class InvalidParameterError(LambdaError):
    """A function name, qualifier or header that AWS would refuse."""

    status = 400
    code = "InvalidParameterValueException"


class InvalidPayloadError(LambdaError):
    """The payload is not JSON."""

    status = 400
    code = "InvalidRequestContentException"


class PayloadTooLargeError(LambdaError):
    """The payload is over the limit of its invocation type (code as seen from the service)."""

    status = 413
    code = "RequestEntityTooLargeException"


class ThrottledError(LambdaError):
    """More concurrent invocations than the function's reserved concurrency."""

    status = 429
    code = "TooManyRequestsException"
    extra: ClassVar[dict[str, str]] = {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"
    }


class ServiceFailureError(LambdaError):
    """Lambda itself failed: an injected fault, or the host is closing."""

    code = "ServiceException"
    fault_type = "Service"
    message_key = "Message"


class InvalidCodeError(LambdaError):
    """The deployment package is missing, not a zip, too large, or would unpack outside itself."""

    status = 502
    code = "InvalidZipFileException"
    message_key = "Message"


class UnsupportedRuntimeError(LambdaError):
    """The function needs something this host does not run: another language, a container image."""

    status = 502
    code = "InvalidRuntimeException"
    message_key = "Message"
