"""Errors of the States Language: their names, and which Retry and Catch they meet."""

RUNTIME = "States.Runtime"
DATA_LIMIT = "States.DataLimitExceeded"
TIMEOUT = "States.Timeout"
ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"


class StateError(Exception):
    """A state failed with an error name and a cause."""

    def __init__(self, name: str, cause: str) -> None:
        self.name = name
        self.cause = cause
        super().__init__(f"{name}: {cause}")


class UnknownFeatureError(Exception):
    """The definition uses what this interpreter does not know."""


def meets(wanted: list[str], name: str) -> bool:
    """Whether an `ErrorEquals` matches an error of that name.

    AWS (documented): States.Runtime meets nothing; States.DataLimitExceeded is met by its own name
    alone; States.TaskFailed meets all but States.Timeout.
    """
    if name == RUNTIME:
        return False
    if name in wanted:
        return True
    if name == DATA_LIMIT:
        return False
    return ALL in wanted or (TASK_FAILED in wanted and name != TIMEOUT)
