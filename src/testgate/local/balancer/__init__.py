"""Load balancers of the local AWS: addresses of their own, listening ports, routing by rule.

moto keeps what the elbv2 API describes; this package makes it carry HTTP and answer truthfully
about targets. Imported by `testgate.local` alone.
"""

from testgate.local.balancer.balancer import Balancer, BalancerSettings
from testgate.local.balancer.targets import TargetHealth, TargetKey, TargetState

__all__ = ["Balancer", "BalancerSettings", "TargetHealth", "TargetKey", "TargetState"]
