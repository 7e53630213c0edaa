"""The tree of errors: one sentence each, saying what was got, what was expected and what to do.

`InputError` is the caller's to mend, `PortError` came from AWS, `RunnerError` from running a suite.
Everything in Testgate may import this.
"""


class GateError(Exception):
    """Anything Testgate refuses to do, in one sentence fit for a person."""


class InputError(GateError):
    """Something handed to Testgate cannot be used; `problems` lists every one that was found."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class HookEventError(InputError):
    """The event is not one that ECS sends to a lifecycle hook."""


class ConfigError(InputError):
    """The hook's configuration (`hookDetails`) cannot be used."""


class PlanError(InputError):
    """A plan or a gate file cannot be used."""


class EvidenceError(InputError):
    """A stored result is not of the form, or not of the run, that it must be of."""


class PortError(GateError):
    """AWS did not do what was asked. `retryable`: the same call may go through later."""

    retryable = False


class NotFoundError(PortError):
    """What was asked for does not exist."""


class AlreadyExistsError(PortError):
    """What was to be written once exists already."""


class AccessDeniedError(PortError):
    """The caller's role lacks a right."""


class UnavailableError(PortError):
    """Throttled, timed out, unreachable, or a fault on AWS's side."""

    retryable = True


class RunnerError(GateError):
    """A suite could not be run."""
