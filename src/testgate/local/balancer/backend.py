"""moto's elbv2 backend with real addresses, listening ports, targets and health.

moto validates and keeps the descriptions; each change of a listener is carried out at once, or
refused. Imported by `testgate.local.balancer` alone.
"""

from typing import TYPE_CHECKING, Any

from moto.elbv2 import urls as elbv2_urls
from moto.elbv2.exceptions import (
    ELBClientError,
    LoadBalancerNotFoundError,
    TargetGroupNotFoundError,
)
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus
from moto.moto_api._internal import mock_random

from testgate.local.balancer.certificates import serving_context
from testgate.local.balancer.moto_rules import read_rules, target_group_arns
from testgate.local.balancer.proxy import ListenerView
from testgate.local.balancer.refusals import (
    refuse_duplicate,
    refuse_other_than_http,
    refusing_ports,
)
from testgate.local.balancer.targets import TargetKey

if TYPE_CHECKING:
    from testgate.local.balancer.balancer import Balancer

_DELAY = "deregistration_delay.timeout_seconds"
_IDLE = "idle_timeout.timeout_seconds"
_DEFAULT_IDLE_S = 60.0


class ListeningBackend(ELBv2Backend):  # type: ignore[misc]  # moto is untyped
    """One account and region of elbv2; `balancer` is set by `Balancer.install`."""

    balancer: "Balancer"

    @property
    def _url_module(self) -> Any:
        # moto derives this from the module of the class, which is not moto's here.
        return elbv2_urls

    def reset(self) -> None:
        """Close this backend's listeners and forget everything."""
        for arn in list(self.load_balancers):
            self.delete_load_balancer(arn)
        for arn in list(self.target_groups):
            self.balancer.targets.forget_group(arn)
        super().reset()

    # Load balancers

    def create_load_balancer(self, *args: Any, **kwargs: Any) -> Any:
        """As moto, but DNSName is, or stands for, loopback addresses of this load balancer."""
        load_balancer = super().create_load_balancer(*args, **kwargs)
        tags = self.tagging_service.get_tag_dict_for_resource(load_balancer.arn)
        load_balancer.dns_name = self.balancer.nodes.take(load_balancer.name, tags)
        return load_balancer

    def delete_load_balancer(self, arn: str) -> None:
        load_balancer = self.load_balancers.get(arn)
        super().delete_load_balancer(arn)
        if load_balancer is not None:
            for listener_arn in list(load_balancer.listeners):
                self.balancer.listeners.close_listener(listener_arn)
            self.balancer.nodes.give_back(load_balancer.dns_name)
            self._relink()

    # Listeners

    def convert_and_validate_properties(self, properties: dict[str, Any]) -> list[dict[str, Any]]:
        """CloudFormation's DefaultActions; moto drops the ForwardConfig of a forward."""
        actions: list[dict[str, Any]] = self.convert_and_validate_action_properties(
            {"Actions": properties["DefaultActions"]}
        )
        return actions

    def create_listener(self, load_balancer_arn: str, *args: Any, **kwargs: Any) -> Any:
        """As moto, and listen; what cannot be listened on is not created."""
        listener = super().create_listener(load_balancer_arn, *args, **kwargs)
        load_balancer = self.load_balancers[load_balancer_arn]
        _give_default_rule_an_id(listener)
        try:
            refuse_other_than_http(listener.protocol)
            refuse_duplicate(load_balancer, listener)
            self._open(load_balancer, listener)
        except ELBClientError:
            del load_balancer.listeners[listener.arn]
            self._relink()
            raise
        self._relink()
        return listener

    def modify_listener(
        self,
        arn: str,
        port: str | None = None,
        protocol: str | None = None,
        ssl_policy: str | None = None,
        certificates: list[dict[str, Any]] | None = None,
        actions: list[dict[str, Any]] | None = None,
    ) -> Any:
        """As moto, with its gaps closed: target groups must exist, a new port is bound."""
        listener = self.describe_listeners(load_balancer_arn=None, listener_arns=[arn])[0]
        refuse_other_than_http(protocol or listener.protocol)
        self._refuse_unknown_groups(actions or [])
        before = (listener.port, listener.protocol)
        modified = super().modify_listener(
            arn, port, protocol, ssl_policy, certificates, actions or []
        )
        if (int(modified.port), modified.protocol) != (int(before[0]), before[1]):
            self._move(modified, *before)
        self._relink()
        return modified

    def delete_listener(self, listener_arn: str) -> Any:
        listener = super().delete_listener(listener_arn)
        self.balancer.listeners.close_listener(listener_arn)
        self._relink()
        return listener

    # Rules

    def create_rule(self, *args: Any, **kwargs: Any) -> Any:
        rule = super().create_rule(*args, **kwargs)
        self._relink()
        return rule

    def modify_rule(
        self, rule_arn: str, conditions: list[dict[str, Any]], actions: list[dict[str, Any]]
    ) -> Any:
        """As moto, but a default rule is refused, as AWS does: use ModifyListener."""
        rule = self.describe_rules(listener_arn=None, rule_arns=[rule_arn])[0]
        if rule.is_default:
            raise ELBClientError(
                "OperationNotPermitted", f"Default rule '{rule_arn}' cannot be modified"
            )
        modified = super().modify_rule(rule_arn, conditions, actions)
        self._relink()
        return modified

    def delete_rule(self, arn: str) -> None:
        super().delete_rule(arn)
        self._relink()

    # Target groups and targets

    def create_target_group(self, name: str, **kwargs: Any) -> Any:
        """As moto, but draining takes no time unless an attribute asks for it."""
        group = super().create_target_group(name, **kwargs)
        group.attributes[_DELAY] = 0
        return group

    def delete_target_group(self, target_group_arn: str) -> Any:
        group = super().delete_target_group(target_group_arn)
        self.balancer.targets.forget_group(target_group_arn)
        return group

    def register_targets(self, target_group_arn: str, instances: list[dict[str, Any]]) -> None:
        group = self._group(target_group_arn)
        self.balancer.listeners.start()
        for target in instances:
            self.balancer.targets.register(_key(group, target))

    def deregister_targets(self, target_group_arn: str, instances: list[dict[str, Any]]) -> None:
        group = self._group(target_group_arn)
        delay_s = float(group.attributes.get(_DELAY, 0))
        for target in instances:
            self.balancer.targets.deregister(_key(group, target), delay_s=delay_s)

    def describe_target_health(
        self, target_group_arn: str, targets: list[dict[str, Any]]
    ) -> list[Any]:
        """What the health checks found, of all targets or of those asked for."""
        group = self._group(target_group_arn)
        keys = [_key(group, target) for target in targets or []]
        return [
            self._status(group, key)
            for key in keys or self.balancer.targets.in_group(target_group_arn)
        ]

    def _status(self, group: Any, key: TargetKey) -> Any:
        health = self.balancer.targets.health_of(key)
        if health is None:
            state, reason = "unused", "Target.NotRegistered"
            description: str | None = "Target is not registered to the target group"
        else:
            state, reason = health.state.value, health.reason or ""
            description = health.description
        check_port = str(group.health_check_port or "traffic-port")
        return FakeHealthStatus(
            key.host,
            str(key.port),
            check_port if check_port.isdigit() else str(key.port),
            state,
            reason or None,
            description,
        )

    # Inside

    def listener_view(self, load_balancer_arn: str, listener_arn: str) -> ListenerView | None:
        """The listener as it is now; None once it is gone."""
        load_balancer = self.load_balancers.get(load_balancer_arn)
        listener = load_balancer.listeners.get(listener_arn) if load_balancer else None
        if listener is None:
            return None
        return ListenerView(
            port=int(listener.port),
            rules=read_rules(listener),
            idle_timeout_s=float(load_balancer.attrs.get(_IDLE, _DEFAULT_IDLE_S)),
        )

    def listener_views(self, address: str) -> dict[str, ListenerView | None]:
        """The listeners at an address as they are now, by ARN."""
        return {
            arn: self.listener_view(load_balancer.arn, arn)
            for load_balancer in self.load_balancers.values()
            if address in self.balancer.nodes.addresses(load_balancer.dns_name)
            for arn in load_balancer.listeners
        }

    def _open(self, load_balancer: Any, listener: Any) -> None:
        """At every address, or at none."""
        try:
            for address in self.balancer.nodes.addresses(load_balancer.dns_name):
                self._open_at(address, load_balancer, listener)
        except ELBClientError:
            self.balancer.listeners.close_listener(listener.arn)
            raise

    def _open_at(self, address: str, load_balancer: Any, listener: Any) -> None:
        port, nodes = int(listener.port), self.balancer.nodes

        def now() -> ListenerView | None:
            return self.listener_view(load_balancer.arn, listener.arn)

        secure = listener.protocol == "HTTPS"
        tls = serving_context(lambda: listener.certificates) if secure else None
        with refusing_ports(address, port):
            self.balancer.listeners.open(
                listener.arn,
                address,
                port,
                lambda: nodes.view(address, listener.arn, now),
                tls,
            )

    def _move(self, listener: Any, port_before: Any, protocol_before: str) -> None:
        load_balancer = self.load_balancers.get(listener.load_balancer_arn)
        if load_balancer is None:
            raise LoadBalancerNotFoundError()
        self.balancer.listeners.close_listener(listener.arn)
        try:
            self._open(load_balancer, listener)
        except ELBClientError:
            listener.port, listener.protocol = port_before, protocol_before
            self._open(load_balancer, listener)
            raise

    def _group(self, arn: str) -> Any:
        group = self.target_groups.get(arn)
        if group is None:
            raise TargetGroupNotFoundError()
        return group

    def _refuse_unknown_groups(self, actions: list[dict[str, Any]]) -> None:
        for action in actions:
            for arn in target_group_arns(action):
                if arn not in self.target_groups:
                    raise TargetGroupNotFoundError()

    def _relink(self) -> None:
        """Make each target group list the load balancers that forward to it, each once."""
        using: dict[str, dict[str, None]] = {arn: {} for arn in self.target_groups}
        for load_balancer in self.load_balancers.values():
            for listener in load_balancer.listeners.values():
                for rule in listener.rules.values():
                    for action in rule.actions:
                        for arn in target_group_arns(action.data):
                            using.setdefault(arn, {})[load_balancer.arn] = None
        for arn, group in self.target_groups.items():
            group.load_balancer_arns = list(using[arn])


def _key(group: Any, target: dict[str, Any]) -> TargetKey:
    port = target.get("Port") or group.port
    return TargetKey(group.arn, str(target["Id"]), int(port))


def _give_default_rule_an_id(listener: Any) -> None:
    # moto's ends in the id of a Python object; AWS's in 16 hexadecimal digits.
    prefix = listener.arn.replace(":listener/", ":listener-rule/")
    listener._default_rule[0].arn = f"{prefix}/{mock_random.get_random_hex(16)}"
