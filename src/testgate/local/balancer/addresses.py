"""A loopback address for each load balancer, so that every one may use any port.

All of 127.0.0.0/8 is the machine itself on Linux; elsewhere only 127.0.0.1 may be, and then all
load balancers share it. Imported by `testgate.local.balancer` alone.
"""

import random
import socket
import threading

_ATTEMPTS = 20
_SHARED = "127.0.0.1"


class AddressPool:
    """Hands out addresses of 127.0.0.0/8 that no other load balancer of this process holds."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()
        self._lock = threading.Lock()
        self._taken: set[str] = set()

    def take(self) -> str:
        """An address that binds; `127.0.0.1`, shared, where the system knows no other."""
        with self._lock:
            for _ in range(_ATTEMPTS):
                address = self._candidate()
                if address not in self._taken and _binds(address):
                    self._taken.add(address)
                    return address
        return _SHARED

    def give_back(self, address: str) -> None:
        with self._lock:
            self._taken.discard(address)

    def _candidate(self) -> str:
        # 127.0.x.y is left out: other programs keep fixed addresses there (127.0.0.53, 127.0.1.1).
        first, second = self._chance.randint(1, 254), self._chance.randint(0, 254)
        return f"127.{first}.{second}.{self._chance.randint(1, 254)}"


def _binds(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
