"""Credentials of a function's own role, from moto's STS in this process.

Real `ASIA…` keys known to moto, so that what a function may do can be told from its calls. Used by
the Lambda host.
"""

from dataclasses import dataclass, field

from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

_DURATION_S = 12 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCredentials:
    """Keys of one role session."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


def assume_function_role(role_arn: str, *, function: str, region: str) -> RoleCredentials:
    """A session of `role_arn` named after the function, as Lambda names it (documented)."""
    account = role_arn.split(":")[4]
    role = sts_backends[account][get_partition(region)].assume_role(
        region_name=region,
        role_session_name=function,
        role_arn=role_arn,
        policy=None,
        duration=_DURATION_S,
        external_id=None,
    )
    return RoleCredentials(
        access_key_id=role.access_key_id,
        secret_access_key=role.secret_access_key,
        session_token=role.session_token,
    )
