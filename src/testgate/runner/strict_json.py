"""JSON that a suite has written: no key twice, nothing but numbers for numbers, not too much of it.

Imported by the readers of reports in JSON.
"""

import json
from collections import Counter
from typing import Any, NoReturn

from testgate.core.errors import RunnerError
from testgate.runner.reported import clean

MAX_VALUES = 3_000_000  # upper bound of JSON values in a file: each costs a hundred bytes of memory

_MAX_DIGITS = 300  # what a float can hold, too


def read_json(file: str, data: bytes) -> object:
    """The value in the bytes of that file. Raises RunnerError that says why it cannot be read."""
    if sum(data.count(mark) for mark in (b",", b"{", b"[")) > MAX_VALUES:
        raise RunnerError(f"{file} has more than {MAX_VALUES} JSON values")
    try:
        return json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_int=_integer,
        )
    except UnicodeDecodeError as exc:
        raise RunnerError(f"{file} is not UTF-8: byte {exc.start} cannot be read") from None
    except RecursionError:
        raise RunnerError(f"{file} is nested too deeply to be read") from None
    except ValueError as exc:
        raise RunnerError(f"{file} is not readable JSON: {clean(str(exc), 200)}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        key = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"an object has the key {key[:80]!r} twice")
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"an integer has more than {_MAX_DIGITS} digits")
    return int(text)


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
