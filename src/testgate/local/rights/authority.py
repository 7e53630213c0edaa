"""Decides every call that is made with a role, by the policies as deployed, and keeps the account.

Imported by the local AWS: the front asks for requests, its parts for what services do themselves.
"""

from dataclasses import replace

from testgate.local.rights.call import Call, Place
from testgate.local.rights.calls import ASSUME_ROLE
from testgate.local.rights.deployed import (
    policies_of_resource,
    policies_of_role,
    trust_of_role,
)
from testgate.local.rights.documents import PolicyKind, read_policy
from testgate.local.rights.errors import PolicyError
from testgate.local.rights.evaluation import (
    Allowed,
    Decision,
    ExplicitlyDenied,
    NotAllowed,
    Request,
    evaluate,
)
from testgate.local.rights.ledger import Denial, Ledger, Use
from testgate.local.rights.sessions import Session

_WITHOUT = "started without rights (docs/local-aws.md), it lets everything pass"


class Authority:
    """One local AWS's authority; any thread may ask. `enforces` False lets everything pass."""

    def __init__(self, *, region: str, enforces: bool = True) -> None:
        self.ledger = Ledger()
        self.enforces = enforces
        self._region = region

    def refusal(self, session: Session, call: Call) -> str | None:
        """Why the session may not make the call, in AWS's words; None if it may.

        AWS (documented): within one account, a policy of the resource can allow as well as one of
        the role can; a Deny of either counts.
        """
        if not self.enforces:
            return None
        account = session.account
        request = Request(
            action=call.action,
            resource=call.resource,
            context={
                **call.context,
                **self._surroundings(),
                "aws:principalarn": session.role_arn,
                "aws:principalaccount": account,
            },
            principals=frozenset({"*", f"AWS:{session.role_arn}", f"AWS:{session.arn}"}),
            accounts=frozenset({f"AWS:{account}", f"AWS:arn:aws:iam::{account}:root"}),
        )
        refused = self._settle(session.role_name, session.arn, request, session.role_arn)
        return refused or self._limited(session, request) or self._untrusted(session, request)

    def refusal_of_service(self, service: str, source_arn: str, call: Call) -> str | None:
        """Why a service may not make the call for `source_arn` without a role; None if it may.

        Only the resource's own policy can allow that.
        """
        if not self.enforces:
            return None
        account = source_arn.split(":")[4]
        request = Request(
            action=call.action,
            resource=call.resource,
            context={
                **call.context,
                **self._surroundings(),
                "aws:sourcearn": source_arn,
                "aws:sourceaccount": account,
            },
            principals=frozenset({"*", f"Service:{service}"}),
        )
        return self._settle(service, service, request, None)

    def refuse_unknown(self, session: Session, operation: str, problem: str) -> str:
        """Keep account of a call whose right is not known; what the caller is told."""
        reason = (
            f"User: {session.arn} is not authorized to perform: {operation} because {problem}; "
            f"{_WITHOUT}"
        )
        self._deny(session.role_name, operation, "", reason)
        return reason

    def place(self, session: Session) -> Place:
        """Where the calls of a session arrive."""
        return Place(region=self._region, account=session.account)

    def _surroundings(self) -> dict[str, str]:
        # The local endpoint speaks plain HTTP; it stands for AWS's, which is asked over TLS.
        return {"aws:securetransport": "true", "aws:requestedregion": self._region}

    def _settle(self, caller: str, name: str, request: Request, role_arn: str | None) -> str | None:
        try:
            of_role = () if role_arn is None else policies_of_role(role_arn)
            policies = (*of_role, *policies_of_resource(request.resource))
        except PolicyError as exc:
            reason = (
                f"{_start(name, request)} because the local AWS cannot evaluate {exc}; {_WITHOUT}"
            )
            return self._deny(caller, request.action, request.resource, reason)
        decision = evaluate(policies, request)
        if isinstance(decision, Allowed):
            self.ledger.note_use(Use(caller=caller, grant=decision.grant))
            return None
        reason = explain(name, request, decision, by_role=role_arn is not None)
        return self._deny(caller, request.action, request.resource, reason)

    def _limited(self, session: Session, request: Request) -> str | None:
        """Why the session's own policy forbids what its role allows. AWS (documented): a session
        may do what both allow."""
        if not session.policy:
            return None
        try:
            policy = read_policy(session.policy, "of the session", PolicyKind.SESSION)
        except PolicyError as exc:
            return self._unreadable(session, request, exc)
        return self._unless_allowed(session, request, evaluate([policy], request))

    def _untrusted(self, session: Session, request: Request) -> str | None:
        """Why a role may not be assumed though the caller's own policies allow it: its trust policy
        must allow it, too (simplified: AWS lets a trust policy that names the caller do alone)."""
        if request.action != ASSUME_ROLE:
            return None
        try:
            trust = trust_of_role(request.resource)
        except PolicyError as exc:
            return self._unreadable(session, request, exc)
        whoever = replace(request, principals=request.principals | request.accounts)
        return self._unless_allowed(session, request, evaluate(trust, whoever))

    def _unless_allowed(self, session: Session, request: Request, decision: Decision) -> str | None:
        if isinstance(decision, Allowed):
            return None
        reason = explain(session.arn, request, decision, by_role=False)
        return self._deny(session.role_name, request.action, request.resource, reason)

    def _unreadable(self, session: Session, request: Request, exc: PolicyError) -> str:
        reason = f"{_start(session.arn, request)} because the local AWS cannot evaluate {exc}"
        return self._deny(session.role_name, request.action, request.resource, reason)

    def _deny(self, caller: str, action: str, resource: str, reason: str) -> str:
        self.ledger.note_denial(
            Denial(caller=caller, action=action, resource=resource, reason=reason)
        )
        return reason


def explain(name: str, request: Request, decision: Decision, *, by_role: bool) -> str:
    """AWS's sentence (documented, "Troubleshoot access denied error messages")."""
    start = _start(name, request)
    match decision:
        case ExplicitlyDenied(grant):
            return f"{start} with an explicit deny in a{_n(grant.kind.value)} policy"
        case NotAllowed():
            kind = "identity-based" if by_role else "resource-based"
            return f"{start} because no {kind} policy allows the {request.action} action"
        case Allowed():
            return f"{name} may perform {request.action}"


def _start(name: str, request: Request) -> str:
    where = "" if request.resource == "*" else f" on resource: {request.resource}"
    return f"User: {name} is not authorized to perform: {request.action}{where}"


def _n(kind: str) -> str:
    return f"n {kind}" if kind.startswith("i") else f" {kind}"
