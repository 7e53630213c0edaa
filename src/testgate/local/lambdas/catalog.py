"""Functions as this process's moto knows them, read into values the host can compare.

The one reader of moto's Lambda backend: functions get there by CreateFunction or CloudFormation.
Used by the Lambda host.
"""

from dataclasses import dataclass, field
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.utils import get_backend

from testgate.local.lambdas.errors import (
    FunctionNotFoundError,
    InvalidCodeError,
    UnsupportedRuntimeError,
)
from testgate.local.lambdas.names import FunctionName


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePackage:
    """A zip, a function's or a layer's; two are the same if their digests are."""

    digest: str  # moto's CodeSha256, base64
    zip_bytes: bytes = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Where and how a function logs (the API's LoggingConfig)."""

    group: str
    json: bool = False
    level: str | None = None  # of JSON logs alone; None: INFO


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that shapes an execution environment: one with other settings is never reused."""

    account: str
    region: str
    name: str
    arn: str  # without qualifier
    version: str
    handler: str
    runtime: str
    role_arn: str
    timeout_s: int
    memory_mb: int
    variables: tuple[tuple[str, str], ...]
    code: CodePackage
    layers: tuple[CodePackage, ...]
    log: LogSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function version, and the limits under which it is called."""

    settings: Settings
    invoked_arn: str  # as the caller named it
    reserved_concurrency: int | None
    retries: int  # of Event invocations whose function failed
    max_event_age_s: int


def find_function(name: FunctionName) -> Function:
    """The function version that `name` means now.

    Raises:
        FunctionNotFoundError: no such function, version or alias.
        InvalidCodeError: the function or a layer has no code.
        UnsupportedRuntimeError: it is not a zip of Python code.
    """
    found = _look_up(name, name.qualifier)
    unqualified = _look_up(name, None)
    reserved = unqualified.reserved_concurrency
    retries, max_age_s = _event_limits(unqualified)
    return Function(
        settings=_settings(name, found),
        invoked_arn=name.qualified_arn,
        reserved_concurrency=None if reserved is None else int(reserved),
        retries=retries,
        max_event_age_s=max_age_s,
    )


def _look_up(name: FunctionName, qualifier: str | None) -> Any:
    try:
        found = get_backend(name.account, name.region).get_function(name.name, qualifier)
    except (UnknownFunctionException, KeyError):  # KeyError: a region moto does not know
        found = None
    if found is None:
        raise FunctionNotFoundError(f"Function not found: {name.qualified_arn}")
    return found


def _settings(name: FunctionName, found: Any) -> Settings:
    if found.package_type != "Zip" or not str(found.run_time).startswith("python"):
        what = found.run_time if found.package_type == "Zip" else "a container image"
        raise UnsupportedRuntimeError(
            f"{name.arn} needs {what}; the local AWS runs Python functions from a zip"
        )
    return Settings(
        account=name.account,
        region=name.region,
        name=name.name,
        arn=name.arn,
        version=str(found.version),
        handler=str(found.handler),
        runtime=str(found.run_time),
        role_arn=str(found.role),
        timeout_s=int(found.timeout),
        memory_mb=int(found.memory_size),
        variables=tuple(sorted((str(k), str(v)) for k, v in found.environment_vars.items())),
        code=_package(found, f"function {name.arn}"),
        layers=tuple(_layer(name, layer["Arn"]) for layer in found.layers),
        log=_log_settings(found),
    )


def _package(found: Any, owner: str) -> CodePackage:
    if not getattr(found, "code_bytes", b""):
        raise InvalidCodeError(f"{owner} has no code: its S3 object was missing when it was made")
    return CodePackage(digest=found.code_sha_256, zip_bytes=found.code_bytes)


def _layer(name: FunctionName, layer_arn: str) -> CodePackage:
    layer = get_backend(name.account, name.region).layers_versions_by_arn(layer_arn)
    if layer is None:
        raise InvalidCodeError(f"layer {layer_arn} of {name.arn} no longer exists")
    return _package(layer, f"layer {layer_arn}")


def _log_settings(found: Any) -> LogSettings:
    # moto keeps no LoggingConfig; the bridge of this package does.
    config = getattr(found, "logging_config", None) or {}
    return LogSettings(
        group=config.get("LogGroup") or f"/aws/lambda/{found.function_name}",
        json=config.get("LogFormat") == "JSON",
        level=config.get("ApplicationLogLevel"),
    )


def _event_limits(found: Any) -> tuple[int, int]:
    """Retries and greatest age in seconds of Event invocations; AWS's defaults are documented."""
    config = found.event_invoke_config[-1].config if found.event_invoke_config else {}
    return (
        int(config.get("MaximumRetryAttempts", 2)),
        int(config.get("MaximumEventAgeInSeconds", 21_600)),
    )
