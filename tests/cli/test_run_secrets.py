"""`testgate run` shows a suite's secrets nowhere, whatever the suite tells."""

import pytest

from tests.cli.test_run import ASK, gate, url  # noqa: F401 - fixtures

SECRET = "Zq7/sek ret'val\u00fc\"e9"
TELLS = (
    ASK
    + """
import os, pathlib
PW = os.environ["MYPW"]
def test_tells():
    get()
    shot = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"], f"shot-{PW}.txt")
    shot.parent.mkdir()
    shot.write_text(PW)
    print("printed", PW, ascii(PW), PW.encode())
    assert PW.encode() == b"", PW
"""
)
REPORTS = """import json, os, pathlib, urllib.request
urllib.request.urlopen(os.environ["TESTGATE_BASE_URL"]).read()
tests = [{"name": "a", "status": "passed"}, {"name": "b", "status": os.environ["MYPW"]}]
left = {"reportFormat": "CTRF", "results": {"tool": {"name": "x"}, "summary": {}, "tests": tests}}
pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"], "c.json").write_text(json.dumps(left))
"""
COMMAND = {"framework": "command", "command": ["python", "test_it.py"], "evidence": "report"}


def everything(directory, done):
    left = [path for path in directory.rglob("*") if path.is_file()]
    names = [str(path.relative_to(directory)) for path in left]
    return "\n".join([done.stdout, done.stderr, *names, *(path.read_text() for path in left)])


@pytest.mark.parametrize(
    ("code", "keys", "said"),
    [
        (TELLS, {"artifacts": ["*.txt"]}, "shot-[redacted].txt"),
        (REPORTS, COMMAND, "c.json: results.tests[2] has status '[redacted]'"),
    ],
    ids=["prints", "reports"],
)
def test_no_file_and_no_line_holds_a_secret(gate, url, code, keys, said):  # noqa: F811
    gate.environment["MYPW"] = SECRET
    gate.suite("smoke", code, **keys)
    with (gate.directory / "testgate.toml").open("a") as file:
        file.write('[suites.secrets]\nMYPW = "ssm:/a"\n')
    done = gate.run("--url", url, "-o", "out")
    told = everything(gate.directory / "out", done)
    assert said in told, told
    assert not any(piece in told for piece in ("Zq7", "sek", "e9.txt")), told
