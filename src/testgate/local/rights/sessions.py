"""Sessions of roles: the temporary keys with which functions and services sign their calls.

Real `ASIA…` keys from moto's STS in this process, remembered here, so that of every signed request
it can be told whose it is. Imported by the parts of the local AWS that act with a role.
"""

from dataclasses import dataclass, field

from moto.core import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from testgate.local.rights.errors import UnknownKeyError

_DURATION_S = 12 * 3600
_TEMPORARY = "ASIA"  # documented: how the keys of STS begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who acts with a role."""

    role_arn: str
    name: str
    policy: str = ""  # of the session: what it allows besides, and only then

    @property
    def account(self) -> str:
        return self.role_arn.split(":")[4]

    @property
    def role_name(self) -> str:
        return self.role_arn.rpartition("/")[2]

    @property
    def arn(self) -> str:
        """As AWS's messages name the caller."""
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role_name}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCredentials:
    """Keys of one role session."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


_sessions: dict[str, Session] = {}  # by access key id; keys are never used again


def assume_role(session: Session, region: str) -> RoleCredentials:
    """Keys for a session; nothing is checked."""
    role = sts_backends[session.account][get_partition(region)].assume_role(
        region_name=region,
        role_session_name=session.name,
        role_arn=session.role_arn,
        policy=None,
        duration=_DURATION_S,
        external_id=None,
    )
    _sessions[role.access_key_id] = session
    return RoleCredentials(
        access_key_id=role.access_key_id,
        secret_access_key=role.secret_access_key,
        session_token=role.session_token,
    )


def session_of(access_key_id: str) -> Session | None:
    """Whose key that is; None for a key that is no session's (a user's, or made up).

    Raises UnknownKeyError for a temporary key that nobody gave out.
    """
    found = _sessions.get(access_key_id)
    if found is not None or not access_key_id.startswith(_TEMPORARY):
        return found
    # By AssumeRole over the API.
    role = sts_backends[DEFAULT_ACCOUNT_ID]["aws"].get_assumed_role_from_access_key(access_key_id)
    if role is None:
        raise UnknownKeyError(
            f"The security token included in the request is invalid: {access_key_id} is of no "
            "session"
        )
    session = Session(role_arn=role.role_arn, name=role.session_name, policy=role.policy or "")
    _sessions[access_key_id] = session
    return session
