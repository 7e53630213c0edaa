"""The addresses of each load balancer, and the names that stand for several of them.

One address by default, whose text is the DNSName. A load balancer with the tag ADDRESSES_TAG has as
many as that says, and a DNSName below `elb.localhost`, which local functions can resolve by the
hosts file that is kept here. A node can be frozen: it goes on by the rules of that moment. Imported
by `testgate.local.balancer` alone.
"""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from testgate.local.balancer.addresses import AddressPool
from testgate.local.balancer.proxy import ListenerView

ADDRESSES_TAG = "testgate:local-addresses"
DOMAIN = "elb.localhost"
MAX_ADDRESSES = 8
View = Callable[[], ListenerView | None]


class Nodes:
    """Safe to use from many threads. `hosts_file` has a line for each address of a name."""

    def __init__(self, hosts_file: Path) -> None:
        self.hosts_file = hosts_file
        self._pool = AddressPool()
        self._lock = threading.Lock()
        self._named: dict[str, tuple[str, ...]] = {}
        self._frozen: dict[str, dict[str, ListenerView | None]] = {}

    def take(self, load_balancer: str, tags: Mapping[str, str]) -> str:
        """A DNSName for a new load balancer. Raises ValueError for a tag that is no number."""
        count = min(int(tags.get(ADDRESSES_TAG, "1")), MAX_ADDRESSES)
        addresses = tuple(self._pool.take() for _ in range(max(count, 1)))
        if len(addresses) == 1:
            return addresses[0]
        name = f"{load_balancer}-{addresses[0].replace('.', '-')}.{DOMAIN}".lower()
        with self._lock:
            self._named[name] = addresses
            self._write()
        return name

    def addresses(self, dns_name: str) -> tuple[str, ...]:
        """Where a load balancer of that DNSName listens."""
        with self._lock:
            return self._named.get(dns_name, (dns_name,))

    def give_back(self, dns_name: str) -> None:
        """The load balancer is gone."""
        for address in self.addresses(dns_name):
            self._pool.give_back(address)
            with self._lock:
                self._frozen.pop(address, None)
        with self._lock:
            if self._named.pop(dns_name, None):
                self._write()

    def freeze(self, address: str, views: Mapping[str, ListenerView | None]) -> None:
        """From now on listeners at that address are as they were seen, by their ARNs."""
        with self._lock:
            self._frozen[address] = dict(views)

    def view(self, address: str, listener_arn: str, now: View) -> ListenerView | None:
        """A listener as that address has it."""
        with self._lock:
            frozen = self._frozen.get(address, {})
            if listener_arn in frozen:
                return frozen[listener_arn]
        return now()

    def _write(self) -> None:
        lines = [f"{a} {name}\n" for name, addresses in self._named.items() for a in addresses]
        self.hosts_file.write_text("".join(lines))
