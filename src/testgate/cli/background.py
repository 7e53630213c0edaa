"""A local AWS in the background: started, waited for, and ended by its process id.

Imported by `testgate local`.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from testgate.core.errors import GateError

PID_VARIABLE = "TESTGATE_LOCAL_PID"
READY_S = 120.0
ENDS_S = 30.0
_LOOK_S = 0.1
_TAIL_CHARS = 2_000


def start(arguments: Sequence[str]) -> dict[str, str]:
    """Run `testgate local up` with these arguments in a session of its own until it serves; the
    variables by which clients reach it. Raises GateError with what it printed if it does not."""
    directory = Path(tempfile.mkdtemp(prefix="testgate-local-"))
    ready, log = directory / "ready.json", directory / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "testgate", "local", "up", *arguments, "--ready", str(ready)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline_s = time.monotonic() + READY_S
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline_s:
            process.kill()
            process.wait()
            said = log.read_text(errors="replace")[-_TAIL_CHARS:].strip()
            raise GateError(f"the local AWS did not start: {said or 'it printed nothing'}")
        time.sleep(_LOOK_S)
    told: dict[str, str] = json.loads(ready.read_text())
    return told | {PID_VARIABLE: str(process.pid)}


def tell_ready(path: Path, exports: Mapping[str, str]) -> None:
    """What `start` waits for; the file is there whole or not at all."""
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(dict(exports)))
    scratch.rename(path)


def end(environ: Mapping[str, str]) -> int:
    """End the local AWS that `environ` names, and wait until it is gone; its process id. Raises
    GateError if none is named, or what has that id is something else."""
    text = environ.get(PID_VARIABLE, "")
    if not text.isdecimal():
        raise GateError(
            f"no local AWS is known here: {PID_VARIABLE} is {text!r}; `eval` what `testgate local "
            "up --detach` printed, or end the process by hand"
        )
    pid = int(text)
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if process.cmdline()[3:5] != ["local", "up"]:
            raise GateError(f"process {pid} is no local AWS: {' '.join(process.cmdline())[:100]}")
        os.kill(pid, signal.SIGTERM)
        try:
            process.wait(ENDS_S)
        except psutil.TimeoutExpired:
            raise GateError(f"process {pid} has not ended after {ENDS_S:.0f} s") from None
    return pid
