"""Whether the shell could read a suite's script at all: one that it could not ends with 2, as if a
test had failed.

Asked after the run, and only of exit code 2: `-n` knows nothing of options that a script sets for
itself, and would refuse some that run well. Imported by `testgate.runner.suite`.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

UNREADABLE = 2  # of dash, bash, ksh and zsh
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})
_LOOK_S = 5.0
_MAX_CHARS = 300


def unreadable_script(
    command: Sequence[str], suite_dir: Path, environment: Mapping[str, str]
) -> str | None:
    """What the shell says of the script that this command runs; None if it can read it, or if the
    command runs no script of the suite by a shell."""
    shell, script = _script(command, suite_dir)
    program = shell and shutil.which(shell, path=environment.get("PATH"))
    if not program:
        return None
    try:
        read = subprocess.run(
            [program, "-n", script],
            cwd=suite_dir,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_LOOK_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if read.returncode == 0:
        return None
    said = read.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
    return f"{shell} cannot read {script}: {said[0][:_MAX_CHARS]}"


def _script(command: Sequence[str], suite_dir: Path) -> tuple[str, str]:
    """The shell's name and the script, "" and "" if it is none of these: `sh smoke.sh`, `sh -eu
    smoke.sh`, `./smoke.sh` with a shell in its first line."""
    program = PurePosixPath(command[0]).name if command else ""
    if program in _SHELLS:
        script = next((each for each in command[1:] if not each.startswith("-")), "")
        by_text = any(each.startswith("-") and "c" in each[1:] for each in command[1:2])
        return (program, script) if script and not by_text else ("", "")
    try:
        with (suite_dir / command[0]).open("rb") as file:
            first = file.readline(200).decode(errors="replace")
    except (OSError, IndexError, ValueError):
        return "", ""
    words = first.removeprefix("#!").split() if first.startswith("#!") else []
    names = [PurePosixPath(word).name for word in words[:2]]
    shell = next((name for name in names if name in _SHELLS), "")
    return (shell, command[0]) if shell else ("", "")
