"""Nothing of a suite outlives its run."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from testgate.runner.remains import empty_temporary_files, no_process_left

SLEEPER = "import time; time.sleep(600)"
LEAVER = (
    "import subprocess, sys\n"
    f"p = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}], start_new_session=True, "
    "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
    "print(p.pid)"
)


def test_a_process_that_left_its_session_and_its_parent_is_killed():
    with no_process_left():
        told = subprocess.run(
            [sys.executable, "-c", LEAVER], capture_output=True, text=True, check=True
        )
        orphan = psutil.Process(int(told.stdout))
        assert orphan.is_running()
    assert not orphan.is_running()


def test_processes_from_before_stay():
    with subprocess.Popen([sys.executable, "-c", SLEEPER]) as before:
        with no_process_left():
            pass
        assert before.poll() is None
        before.kill()


@pytest.mark.parametrize("environment", [{"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}, {}])
def test_temporary_files_go_in_a_function_and_nowhere_else(tmp_path, monkeypatch, environment):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "file").touch()
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "link").symlink_to(os.devnull)
    empty_temporary_files(environment)
    assert (list(tmp_path.iterdir()) == []) == bool(environment)
    assert Path(os.devnull).exists()
