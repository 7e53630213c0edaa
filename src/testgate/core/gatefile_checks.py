"""The `[[suites.checks]]` of a gate file: requests as data instead of a directory of files.

Standard library only; imported by the gate file.
"""

from collections.abc import Callable, Mapping

from testgate.core.check_expectations import shown_value
from testgate.core.checks import Check, tell_check
from testgate.core.plan import Runner

# What checks have no use for.
OF_FILES = ("path", "framework", "command", "evidence", "shards", "role", "artifacts")
Tell = Callable[..., None]  # a problem, and the place of its key within the suite's table


def has_files(table: Mapping[str, object]) -> bool:
    """Whether a suite is a directory of files, by what it says, or by what it has."""
    return table.get("runner", "http" if "checks" in table else "lambda") == Runner.LAMBDA


def read_checks(table: Mapping[str, object], tell: Tell) -> tuple[Check, ...]:
    """The checks of a suite that has them. `tell` is told of every problem."""
    runner, tables = table.get("runner", "lambda"), table.get("checks")
    if runner not in [each.value for each in Runner]:
        tell(f"runner is {shown_value(runner)}, expected lambda or http", "runner")
        return ()
    if has_files(table):
        if tables is not None:
            tell("checks are for runner 'http'; this suite says 'lambda'", "checks")
        return ()
    for key in OF_FILES:
        if key in table:
            tell(f"{key} is for suites of files, and this one has checks", key)
    if not isinstance(tables, list) or not tables:
        tell(f"checks is {shown_value(tables)}, expected [[suites.checks]] tables", "checks")
        return ()
    read = (_read(raw, index, tell) for index, raw in enumerate(tables))
    return tuple(check for check in read if check is not None)


def _read(raw: object, index: int, tell: Tell) -> Check | None:
    name = raw.get("name", index + 1) if isinstance(raw, dict) else index + 1
    of = f"check {str(name)[:80]!r}: "
    return tell_check(raw, lambda text, *at: tell(f"{of}{text}", "checks", index, *at))
