"""What the readers of input can say, from their source: texts of more than one word, no docstrings.

So a new sentence without a row in the catalogue is found.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "src" / "testgate"
READERS = (
    "core/admission_config.py",
    "core/arns.py",
    "core/check_expectations.py",
    "core/checks.py",
    "core/conditions.py",
    "core/config.py",
    "core/events.py",
    "core/evidence.py",
    "core/fields.py",
    "core/gatefile.py",
    "core/gatefile_checks.py",
    "core/gatefile_problems.py",
    "core/gatefile_suites.py",
    "core/headers.py",
    "core/identity_check.py",
    "core/images.py",
    "core/metrics_config.py",
    "core/plan_problems.py",
    "core/plan_reading.py",
    "core/quarantine.py",
    "core/thresholds.py",
    "core/variables.py",
    "runner/bundle.py",
    "runner/ctrf.py",
    "runner/files.py",
    "runner/junit.py",
    "runner/junit_counts.py",
    "runner/k6.py",
    "runner/locust.py",
    "runner/playwright.py",
    "runner/reported.py",
    "runner/reports.py",
    "runner/strict_json.py",
    "cli/documents.py",
    "cli/listing.py",
    "cli/publishing.py",
    "cli/runs.py",
    "cli/targets.py",
)
EXEMPT = {  # and why
    "not the ARN of a state machine": "of a variable that the template sets",
    "was not reported": "a verdict, of a suite that ran",
    "cannot be unpacked": "of a disk that is full",
    "a socket": "its path must be shorter than a test's directory; tests/runner/test_files.py has it",
    "grew beyond": "of a file that changes while it is read; tests/runner/test_files.py has it",
    "collection failure": "pytest's words, which are compared",
    "header {}": "how a check is called, not a sentence",
    "anything but ": "of a check's message, as the next four are",
    "at least ": "",
    "a text that matches ": "",
    "something that contains ": "",
    "to be there": "",
    "its status is": "the message of a test, in a report that is read",
    "requests failed": "the same, of Locust's",
    "failed before it passed": "the same, of a test that pytest ran again",
}
_WORDS = re.compile(r"[a-z,;:)'] [a-z(']", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text in the source; `pattern` matches what it can become."""

    where: str
    text: str
    pattern: re.Pattern[str]


def messages() -> Iterator[Message]:
    """Every text of every reader."""
    for name in READERS:
        tree = ast.parse((SOURCES / name).read_text())
        aside = {id(node) for node in _asides(tree)}
        for node in ast.walk(tree):
            if id(node) not in aside and isinstance(node, ast.Constant | ast.JoinedStr):
                yield from _message(name, node)


def _message(name: str, node: ast.Constant | ast.JoinedStr) -> Iterator[Message]:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [p.value if isinstance(p, ast.Constant) else None for p in parts]
    text = "".join("{}" if part is None else str(part) for part in texts)
    if isinstance(node, ast.Constant) and not isinstance(node.value, str):
        return
    if _WORDS.search(text.replace("{}", "x")):
        pattern = "".join(".*" if part is None else re.escape(str(part)) for part in texts)
        yield Message(
            where=f"{name}:{node.lineno}", text=text, pattern=re.compile(pattern, re.DOTALL)
        )


def _asides(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, the pieces of f-strings, patterns of `re.compile`, and what is logged."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from (part for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            yield from ast.walk(node)
