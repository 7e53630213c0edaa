"""The README is run: its transcript is what the demo prints, its links and targets exist."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def normal(line):
    """A line without what differs from run to run: numbers, and space before them."""
    return re.sub(r"\s+", " ", re.sub(r"\d+", "#", line)).strip()


@pytest.fixture(scope="module")
def demo():
    return subprocess.run(
        ["make", "--silent", "demo"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )


def test_the_demo_ends_as_it_must(demo):
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "Each deployment ended as it must." in demo.stdout
    assert demo.stderr == ""


def test_the_readmes_transcript_is_what_the_demo_prints(demo):
    block = re.search(r"```text\n\$ make demo\n(.*?)```", README, re.DOTALL)
    assert block
    printed = {normal(line) for line in demo.stdout.splitlines()}
    missing = [line for line in block.group(1).splitlines() if normal(line) not in printed]
    assert not missing


def test_links_in_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_make_help_lists_every_documented_target():
    told = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in ("demo", "test", "lint", "types", "bundle", "bench", "clean"):
        assert re.search(rf"\b{target}\b", told), target


def test_documents_speak_of_every_key_and_no_other():
    from testgate.core.config import KNOWN_KEYS

    table = (ROOT / "docs" / "hook-details.md").read_text().split("| key |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE)) == KNOWN_KEYS


@pytest.mark.parametrize("hook", ["Admission", "Approval", "Metrics"])
def test_documents_speak_of_every_key_of_the_other_hooks_and_no_other(hook):
    from testgate.core import admission_config, approval, metrics_config

    fields = {
        "Admission": admission_config.FIELDS,
        "Approval": approval.FIELDS,
        "Metrics": metrics_config.FIELDS,
    }[hook]
    text = (ROOT / "docs" / "hook-details.md").read_text().split(f"### {hook}\n")[1]
    table = text.split("| key |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([A-Z_0-9]+)`", table, re.MULTILINE)) == set(fields)
