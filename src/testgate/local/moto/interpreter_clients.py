"""The AWS clients with which moto's interpreter calls other services: cached, for our endpoint.

moto makes a new client of boto3's shared default session for each task: 12 ms each, not safe among
threads, read from the user's AWS configuration, bound to `localhost`, and with nobody's role.
Imported by the bridges.
"""

import threading
import uuid
from typing import Any

import boto3
from botocore.config import Config
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from testgate.local.moto.replacement import replace_everywhere
from testgate.local.rights.sessions import RoleCredentials, Session, assume_role

INTERPRETER = "moto.stepfunctions.parser"
_NEVER_S = 7 * 24 * 3600
_NOBODY = RoleCredentials(access_key_id="ak", secret_access_key="sk", session_token="")


class InterpreterClients:
    """Clients by region and service, for the endpoint of the server started last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._endpoint_urls: list[str] = []
        self._clients: dict[tuple[str, str, str | None], Any] = {}

    def direct_to(self, endpoint_url: str) -> None:
        """Send the calls of all executions to `endpoint_url` from now on."""
        with self._lock:
            self._endpoint_urls.append(endpoint_url)
            self._clients.clear()

    def forget(self, endpoint_url: str) -> None:
        """A server is gone: the one started before it, if any, gets the calls again."""
        with self._lock:
            if endpoint_url in self._endpoint_urls:
                self._endpoint_urls.remove(endpoint_url)
            self._clients.clear()

    def get(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """A client that acts with a state's role, or without one with a key that is nobody's.

        It never retries and never times out by itself: both are the state machine's to declare.
        """
        role_arn = None if state_credentials is None else str(state_credentials.role_arn)
        with self._lock:
            key = (region, service, role_arn)
            if key not in self._clients:
                self._clients[key] = self._new(region, service, role_arn)
            return self._clients[key]

    def _new(self, region: str, service: str, role_arn: str | None) -> Any:
        keys = _NOBODY if role_arn is None else _keys_of(role_arn, region)
        session = boto3.session.Session(
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token or None,
            region_name=region,
        )
        config = Config(
            parameter_validation=False,
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=_NEVER_S,
            read_timeout=_NEVER_S,
            max_pool_connections=50,
            s3={"addressing_style": "path"},
            inject_host_prefix=False,
        )
        return session.client(service, endpoint_url=self._endpoint_urls[-1], config=config)


def _keys_of(role_arn: str, region: str) -> RoleCredentials:
    # The session's name is random on AWS (seen).
    return assume_role(Session(role_arn=role_arn, name=uuid.uuid4().hex), region)


clients = InterpreterClients()


def install() -> None:
    """Let moto's interpreter take its clients from `clients`."""
    replace_everywhere(INTERPRETER, boto_client_for, clients.get)
