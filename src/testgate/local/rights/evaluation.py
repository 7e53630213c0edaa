"""May this request pass, by these policies? AWS's rules for one account, as a pure function.

Documented ("Policy evaluation logic"): everything is denied at first; a matching Allow of a role's
or a resource's policy allows; a matching Deny anywhere wins over both. Imported by this package,
its tests, and tests of policies.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from testgate.local.rights.documents import Effect, Policy, PolicyKind, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for. An action that knows no resources has resource `*`.

    `context` has its keys in lower case. `principals` are the names that a resource's policy may
    call the caller by: `*`, `AWS:<ARN>`, `Service:<name>`. `accounts` are those of its account: a
    Deny of them means the caller, an Allow leaves it to the role's own policies (documented).
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    principals: frozenset[str] = field(default_factory=lambda: frozenset({"*"}))
    accounts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The part of a statement that decided: one of its actions on one of its resources."""

    policy: str
    kind: PolicyKind
    sid: str
    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """`grant` is the narrowest Allow: what only a wider one would allow needs the wider one."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class ExplicitlyDenied:
    """A Deny says so."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """No Allow says otherwise."""


Decision = Allowed | ExplicitlyDenied | NotAllowed


def evaluate(policies: Sequence[Policy], request: Request) -> Decision:
    """The decision by all policies that apply: those of the role, and of the resource."""
    allows = []
    for effect, narrowness, grant in _applying(policies, request):
        if effect is Effect.DENY:
            return ExplicitlyDenied(grant)
        allows.append((narrowness, grant))
    if not allows:
        return NotAllowed()
    return Allowed(max(allows, key=lambda each: each[0])[1])


def _applying(
    policies: Sequence[Policy], request: Request
) -> Iterator[tuple[Effect, tuple[int, int], Grant]]:
    for policy in policies:
        for statement in policy.statements:
            found = _grant(policy, statement, request)
            if found is not None:
                yield statement.effect, *found


def _grant(
    policy: Policy, statement: Statement, request: Request
) -> tuple[tuple[int, int], Grant] | None:
    """How narrow the statement is for this request, and what of it applies; None if nothing."""
    if not _means_caller(statement, request):
        return None
    action = statement.actions.chosen(request.action)
    if action is None:
        return None
    resource = statement.resources.chosen(request.resource)
    if resource is None:
        return None
    if not all(condition.holds(request.context) for condition in statement.conditions):
        return None
    grant = Grant(
        policy=policy.name,
        kind=policy.kind,
        sid=statement.sid,
        action=action.text,
        resource=resource.text,
    )
    return (resource.narrowness, action.narrowness), grant


def _means_caller(statement: Statement, request: Request) -> bool:
    if statement.principals is None:
        return True
    names = request.principals
    if statement.effect is Effect.DENY:
        names |= request.accounts
    return bool(statement.principals & names)
