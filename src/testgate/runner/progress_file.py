"""What frameworks' plugins append to the file that tells how far a suite is.

Imported by the plugins of pytest and Robot Framework, and by the program that asks checks.
"""

import contextlib
import json
import os
from collections.abc import Mapping

PROGRESS_FILE = "TESTGATE_PROGRESS_FILE"


def ended_line(outcome: str, name: str) -> str:
    """The line of a test that has ended; no name can break it."""
    return f"{outcome} {json.dumps(name)}"


def tell_progress(line: str, environment: Mapping[str, str] = os.environ) -> None:
    """Append a line (see `testgate.core.progress`), if anybody wants to know; never a reason to
    fail."""
    path = environment.get(PROGRESS_FILE)
    if not path:
        return
    with contextlib.suppress(OSError):
        # Once for each test: a file object would take longer than all the rest of it.
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(file, f"{line}\n".encode(errors="replace"))
        finally:
            os.close(file)
