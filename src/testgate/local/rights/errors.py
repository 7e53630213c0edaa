"""What this package cannot do, each a sentence: it refuses then, and lets nothing pass.

Imported by this package and its tests.
"""

from testgate.core.errors import GateError


class PolicyError(GateError):
    """A policy says something that is not evaluated here."""


class UnknownCallError(GateError):
    """No right is known here for what was called."""


class UnknownKeyError(GateError):
    """A request is signed with the temporary key of no session."""
