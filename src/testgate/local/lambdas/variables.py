"""The environment variables of an execution environment: AWS's list, and nothing of this machine.

Pure. A handler that works only because of a variable of the developer's shell must fail here.
Used by the Lambda host.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from testgate.local.lambdas.catalog import Settings
from testgate.local.rights.sessions import RoleCredentials

RESOLVER = Path(__file__).with_name("resolver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What one execution environment is given by its host. `machine` are variables by which it
    knows its surroundings as AWS's machines know theirs: names and certificates."""

    python: Path
    code: Path
    layers: tuple[Path, ...]
    home: Path
    tmp: Path
    runtime_api: str  # host:port
    log_stream: str
    endpoint_url: str
    credentials: RoleCredentials
    machine: Mapping[str, str] = field(default_factory=dict)


def environment_variables(settings: Settings, given: Surroundings) -> dict[str, str]:
    """Defaults, over them the function's own variables, over those what AWS reserves.

    The split into overridable and reserved names is documented ("Defined runtime environment
    variables"); `HOME` and `TMPDIR` stand for the sandbox's own file system.
    """
    return {**_defaults(given), **dict(settings.variables), **_reserved(settings, given)}


def _defaults(given: Surroundings) -> dict[str, str]:
    python_path = [given.code, *(layer / "python" for layer in given.layers), RESOLVER]
    return {
        "LANG": "en_US.UTF-8",
        "PATH": f"{given.python.parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": ":".join(str(path) for path in python_path),
        "TZ": ":UTC",
        "HOME": str(given.home),
        **given.machine,
    }


def _reserved(settings: Settings, given: Surroundings) -> dict[str, str]:
    keys = given.credentials
    reserved = {
        "_HANDLER": settings.handler,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_SESSION_TOKEN": keys.session_token,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_ENDPOINT_URL": given.endpoint_url,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": settings.name,
        "AWS_LAMBDA_FUNCTION_VERSION": settings.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": settings.log.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": given.log_stream,
        "AWS_LAMBDA_RUNTIME_API": given.runtime_api,
        "LAMBDA_TASK_ROOT": str(given.code),
        "PWD": str(given.code),
        "TMPDIR": str(given.tmp),
    }
    if settings.log.json:
        reserved["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        reserved["AWS_LAMBDA_LOG_LEVEL"] = settings.log.level or "INFO"
    return reserved
