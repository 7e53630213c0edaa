"""Rules whose Lambda targets are invoked, where moto answers every publisher with a 500.

moto's own matcher says whether a rule matches, and moto serves all other targets. Imported by this
package alone.
"""

import copy
import json
import logging
from collections.abc import Callable
from typing import Any

import moto.events.models as events_models
from moto.awslambda.utils import get_backend
from moto.events.models import Rule

from testgate.local.lambdas import LambdaError, LambdaHost

_log = logging.getLogger(__name__)
_hosts: list[LambdaHost] = []  # the last one installed serves


def install(host: LambdaHost) -> Callable[[], None]:
    """Let rules made from now on invoke functions on `host`; returns what undoes it."""
    before = events_models.Rule
    _hosts.append(host)
    events_models.Rule = ServedRule

    def undo() -> None:
        _hosts.remove(host)
        events_models.Rule = before

    return undo


class ServedRule(Rule):  # type: ignore[misc]
    """moto's rule with Lambda targets, and without what a disabled or scheduled rule never does."""

    def send_to_targets(self, original_event: Any, transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.get_pattern():
            return
        if not self.event_pattern.matches_event(original_event):
            return
        for target in list(self.targets):
            if ":lambda:" in target["Arn"]:
                self._invoke(target, original_event)
            else:
                alone = copy.copy(self)
                alone.targets = [target]
                Rule.send_to_targets(alone, original_event, transform_input)

    def _invoke(self, target: dict[str, Any], event: Any) -> None:
        """As EventBridge: asynchronously, and only with the function's own permission."""
        arn = target["Arn"]
        if not _permits(arn, self.arn):
            _log.warning("rule %s may not invoke %s: its policy does not say so", self.name, arn)
            return
        payload = target["Input"].encode() if "Input" in target else json.dumps(event).encode()
        try:
            _hosts[-1].invoke_event(arn, payload)
        except (LambdaError, IndexError) as exc:
            _log.warning("rule %s could not invoke %s: %s", self.name, arn, exc)


def _permits(function_arn: str, rule_arn: str) -> bool:
    """Whether the function's resource policy lets EventBridge invoke it for that rule."""
    _, _, _, region, account, _, name, *_ = function_arn.split(":")
    function = get_backend(account, region).get_function(name)
    policy = getattr(function, "policy", None)
    statements = [] if policy is None else policy.statements
    return any(_is_for(statement, rule_arn) for statement in statements)


def _is_for(statement: Any, rule_arn: str) -> bool:
    principal = statement.get("Principal")
    named = principal.get("Service") if isinstance(principal, dict) else principal
    source = (statement.get("Condition") or {}).get("ArnLike", {}).get("AWS:SourceArn", rule_arn)
    return named == "events.amazonaws.com" and source == rule_arn
