"""Rights in the local AWS: what is done with a role needs a policy that allows it, as on AWS.

`Authority` decides and keeps account, `Guard` asks it for the front. `evaluate` is pure.
"""

from testgate.local.rights.authority import Authority
from testgate.local.rights.call import Call, Place
from testgate.local.rights.documents import Policy, PolicyKind, read_policy
from testgate.local.rights.errors import PolicyError, UnknownCallError
from testgate.local.rights.evaluation import (
    Allowed,
    Decision,
    ExplicitlyDenied,
    Grant,
    NotAllowed,
    Request,
    evaluate,
)
from testgate.local.rights.guard import Guard
from testgate.local.rights.ledger import Denial, Use

__all__ = [
    "Allowed",
    "Authority",
    "Call",
    "Decision",
    "Denial",
    "ExplicitlyDenied",
    "Grant",
    "Guard",
    "NotAllowed",
    "Place",
    "Policy",
    "PolicyError",
    "PolicyKind",
    "Request",
    "UnknownCallError",
    "Use",
    "evaluate",
    "read_policy",
]
