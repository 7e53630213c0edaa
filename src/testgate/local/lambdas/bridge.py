"""Makes moto's in-process callers run functions on this host instead of in docker.

Replaces module attributes that moto reads at call time, and undoes it; nothing is patched inside a
class. Also keeps `LoggingConfig`, which moto drops. Used by the Lambda host alone.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import moto.awslambda.models as lambda_models
import moto.awslambda_simple.models as simple_models
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

from testgate.local.lambdas.errors import LambdaError
from testgate.local.lambdas.route import Invokes

_log = logging.getLogger(__name__)
# Services that invoke asynchronously on AWS (documented), by what their events look like.
_ASYNCHRONOUS_SOURCES = ("aws:s3", "aws:sns")
_hosts: list[Invokes] = []  # the last one installed serves


@dataclass(frozen=True, slots=True)
class Installed:
    """One installation; `undo` puts everything back."""

    undo: Callable[[], None]


def install(host: Invokes) -> Installed:
    """Let `host` run what moto's services invoke, until undone."""
    class_before = lambda_models.LambdaFunction
    simple_before = simple_models.lambda_simple_backends
    _hosts.append(host)
    # `LambdaBackend.create_function` and CloudFormation then make functions of our class.
    lambda_models.LambdaFunction = HostedFunction
    # Whatever moto's use_docker says, there is one store of functions.
    simple_models.lambda_simple_backends = lambda_models.lambda_backends
    _forget_cloudformation_types()

    def undo() -> None:
        _hosts.remove(host)
        lambda_models.LambdaFunction = class_before
        simple_models.lambda_simple_backends = simple_before

    return Installed(undo)


class HostedFunction(LambdaFunction, CloudFormationModel):  # type: ignore[misc]
    """moto's function, run by the installed host.

    `CloudFormationModel` is named again because moto looks at its direct subclasses only.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        spec = kwargs.get("spec") or args[1]
        self.logging_config: dict[str, Any] = dict(spec.get("LoggingConfig") or {})
        super().__init__(*args, **kwargs)

    def update_configuration(self, config_updates: dict[str, Any]) -> Any:
        if "LoggingConfig" in config_updates:
            self.logging_config = dict(config_updates["LoggingConfig"])
        return super().update_configuration(config_updates)

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        configuration: dict[str, Any] = super().get_configuration(on_create)
        defaults = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
        return {**configuration, "LoggingConfig": {**defaults, **self.logging_config}}

    def invoke(self, body: Any, request_headers: Any, response_headers: Any) -> str | bytes:
        """Run the function as the calling service does on AWS: synchronously, or as an event.

        A synchronous caller (an event source mapping) learns of every failure by the header that
        moto looks for; an asynchronous one of none.
        """
        if not _hosts:
            answer: str | bytes = super().invoke(body, request_headers, response_headers)
            return answer
        payload = body.encode() if isinstance(body, str) else bytes(body or b"")
        kind = request_headers.get("X-Amz-Invocation-Type") or _invocation_type(payload)
        try:
            if kind == "Event":
                _hosts[-1].invoke_event(self.function_arn, payload)
                return b""
            if kind == "DryRun":
                _hosts[-1].check(self.function_arn)
                return b""
            done = _hosts[-1].invoke(self.function_arn, payload)
        except LambdaError as exc:
            if request_headers:  # an HTTP request that reached moto: it makes the answer
                raise _for_moto(exc) from exc
            _log.warning("invocation of %s by a service failed: %s", self.function_arn, exc)
            response_headers["x-amz-function-error"] = "Unhandled"
            return json.dumps(exc.body()).encode()
        if done.function_error is not None:
            response_headers["x-amz-function-error"] = done.function_error
        return done.payload

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> Any:
        made = super().create_from_cloudformation_json(
            resource_name, cloudformation_json, account_id, region_name, **kwargs
        )
        made.logging_config = dict(cloudformation_json["Properties"].get("LoggingConfig") or {})
        return made


def _invocation_type(payload: bytes) -> str:
    event = json.loads(payload or b"{}")
    if not isinstance(event, dict):
        return "RequestResponse"
    records = event.get("Records") or [{}]
    source = records[0].get("eventSource") or records[0].get("EventSource")
    asynchronous = source in _ASYNCHRONOUS_SOURCES or "awslogs" in event or "ResponseURL" in event
    return "Event" if asynchronous else "RequestResponse"


def _for_moto(error: LambdaError) -> LambdaClientError:
    translated = LambdaClientError(error.code, str(error))
    translated.code = error.status
    return translated


def _forget_cloudformation_types() -> None:
    """moto caches which class serves which resource type; the last subclass defined wins."""
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()
