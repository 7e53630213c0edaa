"""Which execution environments exist: idle ones to reuse, busy ones, and when each goes.

An environment is reused for the same settings only, so a change of code or configuration starts
fresh ones, as on AWS. Used by the invoker of this package.
"""

import threading

from testgate.local.lambdas.catalog import Settings
from testgate.local.lambdas.environment import Environment, Premises
from testgate.local.lambdas.logs import LogStream

# Enough to serve a Map state again without cold starts; each idle runtime holds some 40 MB.
IDLE_LIMIT = 16


class Pool:
    """All environments of one host; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Environment] = []  # oldest first
        self._busy: set[Environment] = set()

    def take_idle(self, settings: Settings) -> Environment | None:
        """A warm environment, now busy; None if there is none. Ends outdated ones."""
        with self._lock:
            outdated = [one for one in self._idle if _is_outdated(one, settings)]
            for environment in outdated:
                self._idle.remove(environment)
            found = next((one for one in reversed(self._idle) if one.settings == settings), None)
            if found is not None:
                self._idle.remove(found)
                self._busy.add(found)
        _end(outdated)
        return found

    def add_new(
        self, settings: Settings, premises: Premises, log: LogStream | None = None
    ) -> Environment:
        """A cold environment, busy and not yet initialised."""
        environment = Environment(settings, premises, log)
        with self._lock:
            self._busy.add(environment)
        return environment

    def give_back(self, environment: Environment) -> None:
        """Keep it warm for the next invocation; the oldest idle one goes if there are too many."""
        with self._lock:
            # Not busy any more: `end_all` came in between and ended it.
            if environment in self._busy and environment.alive:
                self._busy.remove(environment)
                self._idle.append(environment)
            surplus = self._idle[:-IDLE_LIMIT]
            del self._idle[:-IDLE_LIMIT]
        _end(surplus)

    def discard(self, environment: Environment) -> None:
        """End it, with all its output in its log."""
        with self._lock:
            self._busy.discard(environment)
        environment.end()

    def end_all(self) -> None:
        """End every environment; invocations under way end as exited, and log nothing more."""
        with self._lock:
            everything = [*self._idle, *self._busy]
            self._idle.clear()
            self._busy.clear()
        for environment in everything:
            environment.log.mute()
        _end(everything)


def _is_outdated(environment: Environment, settings: Settings) -> bool:
    same_version = (environment.settings.arn, environment.settings.version) == (
        settings.arn,
        settings.version,
    )
    return not environment.alive or (same_version and environment.settings != settings)


def _end(environments: list[Environment]) -> None:
    """End them all in about the time of one."""
    for environment in environments:
        environment.order_end()
    for environment in environments:
        environment.end()
