"""Runs the commands of docs/walkthrough.md on a local AWS, in one shell, and tells their output.

Why here: a page whose commands are run cannot lie. `make walkthrough`, or `--write` to put what was
printed into the page. Needs what `make aws-cli` installs; imported by its test.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from testgate.local.world import LocalAws, LocalSettings

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "walkthrough.md"
TIME_SCALE = 0.1
ALL_LINES, ENDS = 14, 5  # a longer output is shown in the page by its first and last lines
_BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.DOTALL | re.MULTILINE)
_DONE = "walkthrough-command-done"


@dataclass(frozen=True, slots=True)
class Command:
    """A command as the page writes it, lines and all, and the output shown below it."""

    text: str
    shown: tuple[str, ...] = ()


class FailedError(Exception):
    """A command of the page did not exit with 0."""


def blocks(page: str) -> list[str]:
    """The console blocks of a page."""
    return _BLOCK.findall(page)


def read_block(block: str) -> Iterator[Command]:
    """The commands of one console block: `$ ` begins one, a backslash at the end of a line
    continues it, other lines are output."""
    command: list[str] = []
    shown: list[str] = []
    for line in block.splitlines():
        if command and command[-1].endswith("\\"):
            command.append(line)
        elif line.startswith("$ "):
            if command:
                yield Command("\n".join(command), tuple(shown))
            command, shown = [line[2:]], []
        else:
            shown.append(line)
    if command:
        yield Command("\n".join(command), tuple(shown))


def write_block(commands: Iterator[Command]) -> str:
    """The block of such commands."""
    return "".join(
        f"$ {command.text}\n" + "".join(f"{line}\n" for line in command.shown)
        for command in commands
    )


def shortened(output: list[str]) -> tuple[str, ...]:
    """An output as the page shows it."""
    lines = [line.rstrip() for line in output]
    if len(lines) <= ALL_LINES:
        return tuple(lines)
    return (*lines[:ENDS], "…", *lines[-ENDS:])


class Shell:
    """One bash for all commands, so that variables and functions stay."""

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        self._bash = subprocess.Popen(
            ["bash", "-o", "pipefail"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )

    def run(self, command: str, tell: Callable[[str], None]) -> list[str]:
        """Run a command, telling each line as it comes; all of them. Raises FailedError."""
        bash = self._bash
        assert bash.stdin is not None
        assert bash.stdout is not None
        bash.stdin.write(f"{command}\necho {_DONE} $?\n")
        bash.stdin.flush()
        lines: list[str] = []
        for line in bash.stdout:
            before, done, code = line.rstrip("\n").partition(_DONE)
            if before or not done:
                lines.append(before)
                tell(before)
            if done:
                if code.strip() != "0":
                    raise FailedError(f"exit code {code.strip()} of: {command}")
                return lines
        raise FailedError(f"the shell ended in: {command}")

    def close(self) -> None:
        """End the shell and whatever it is running."""
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGKILL)
        with suppress(BrokenPipeError), self._bash:
            pass  # closes the pipes and waits


def walk(page: str, tell: Callable[[str], None]) -> str:
    """Run a page's commands on a local AWS; the page with the outputs they had now.

    Raises:
        FailedError: a command failed; what it printed has been told.
    """
    settings = LocalSettings(images=ROOT / "examples" / "images.toml", time_scale=TIME_SCALE)
    with LocalAws(settings) as local, tempfile.TemporaryDirectory() as directory:
        shell = Shell(_environment(local), Path(directory))

        def run(command: Command) -> Command:
            tell(f"\n$ {command.text}")
            return Command(command.text, shortened(shell.run(command.text, tell)))

        try:
            return _BLOCK.sub(lambda found: write_block(map(run, read_block(found[1]))), page)
        finally:
            shell.close()


def _environment(local: LocalAws) -> dict[str, str]:
    venv = Path(sys.prefix)
    return {
        "PATH": f"{venv / 'bin'}:{venv / 'aws-cli' / 'bin'}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "COLUMNS": "110",
        "AWS_ENDPOINT_URL": local.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def main() -> int:
    """The exit code: 0, or 1 if a command failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="write the outputs into the page")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or the shell would go on
    try:
        page = walk(PAGE.read_text(), lambda line: print(line, flush=True))
    except FailedError as exc:
        print(f"\nerror: {exc}", file=sys.stderr)
        return 1
    if arguments.write:
        PAGE.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
