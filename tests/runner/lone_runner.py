"""A runner in a process of its own, as a Lambda function has it: no capability, hidden from its
children, limited if a test says so. Run as a program by test_attacks.py; prints the evidence.

    python -m tests.runner.lone_runner '{"files": {...}, "timeout_s": 60, "limits": {...}}'
"""

import ctypes
import json
import os
import resource
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from testgate.core.evidence import Run
from testgate.core.handoff import RunContext, Task
from testgate.core.plan import Suite
from testgate.runner.remains import fresh_directory, hide_from_children
from testgate.runner.suite import SuiteRun, run_suite

_PR_CAPBSET_DROP = 24
_CAPABILITY_VERSION_3 = 0x20080522
SECRET = "the-runners-own-secret"


def main(asked):
    drop_capabilities()
    os.environ["AWS_SECRET_ACCESS_KEY"] = SECRET
    hide_from_children()
    for name, value in asked.get("limits", {}).items():
        resource.setrlimit(getattr(resource, name), (value, value))
    tempfile.tempdir = asked["tmp"]
    results = [run(asked, number) for number in range(asked.get("times", 1))]
    left = [path.name for path in Path(asked["tmp"]).iterdir()]
    sys.stdout.write(json.dumps({"evidence": results, "left": left}))


def run(asked, number):
    digest = "sha256:" + "0" * 64
    task = Task(
        suite=Suite(name="smoke", bundle=digest, blocking=False, timeout_s=asked["timeout_s"]),
        run=Run(suite="smoke", shard=1, attempt=number + 1),
        context=RunContext(
            input_digest="i",
            plan_digest="p",
            prefix="runs/x/",
            base_url="http://127.0.0.1:1",
            deadline=datetime.now(UTC) + timedelta(seconds=600),
            variables={},
            judged_on=datetime.now(UTC).date(),
        ),
    )
    with fresh_directory() as place:
        suite_run = SuiteRun(task=task, directory=place)
        suite_run.suite_dir.mkdir()
        for name, text in asked["files"].items():
            (suite_run.suite_dir / name).write_text(text)
        return run_suite(suite_run).spell()


def drop_capabilities():
    """A Lambda function has none. Without this, root in a container could do what it can not."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    if libc.capset(header, data):
        raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
