"""What moto reads from this process while a server runs: environment variables and configuration.

Both are put back afterwards, so that a server leaves nothing behind. Imported by `server` alone.
"""

import logging
import os
from typing import Any

from moto.core.config import default_user_config

_ENVIRONMENT: dict[str, str | None] = {
    # A profile that is missing here would fail every call that the interpreter makes.
    "AWS_PROFILE": None,
    "AWS_DEFAULT_PROFILE": None,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
}
# moto logs whole state machines at each failed state; without a handler they would reach stderr.
_QUIET = logging.NullHandler()
_CONFIGURATION: dict[str, dict[str, Any]] = {
    "stepfunctions": {"execute_state_machine": True},
    "lambda": {"use_docker": False},
    "batch": {"use_docker": False},
}


class ProcessSettings:
    """The settings of one running server; `restore` undoes `apply`."""

    def __init__(self) -> None:
        self._environment_before: dict[str, str | None] = {}
        self._configuration_before: dict[str, Any] = {}

    def apply(self, *, host: str, port: int) -> None:
        changes: dict[str, str | None] = {**_ENVIRONMENT, "MOTO_PORT": str(port)}
        for name in ("NO_PROXY", "no_proxy"):
            hosts = [os.environ.get(name), "localhost", "127.0.0.1", host]
            changes[name] = ",".join(dict.fromkeys(each for each in hosts if each))
        logging.getLogger("moto").addHandler(_QUIET)
        self._environment_before = {name: os.environ.get(name) for name in changes}
        _set_environment(changes)
        configuration: dict[str, Any] = default_user_config
        self._configuration_before = {name: configuration[name] for name in _CONFIGURATION}
        for name, values in _CONFIGURATION.items():
            configuration[name] = {**configuration[name], **values}

    def restore(self) -> None:
        logging.getLogger("moto").removeHandler(_QUIET)
        _set_environment(self._environment_before)
        default_user_config.update(self._configuration_before)
        self._environment_before, self._configuration_before = {}, {}


def _set_environment(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
