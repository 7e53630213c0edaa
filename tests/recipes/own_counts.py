"""What each framework itself says of its tests, in what it prints: what Testgate counts must be
that. Locust prints nothing beside the JSON that is read, so its page is asked."""

import json
import re

Own = tuple[int, int, int]
"""Passed, failed and skipped."""


def told_by_the_framework(own: str, printed: str) -> Own | None:
    """None of a script, which prints no such thing."""
    printed = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    match own:
        case "pytest":
            lines = re.findall(r"^=+ (.*) in [\d.]+s.* =+$", printed, re.MULTILINE)
            numbers = re.findall(r"(\d+) (passed|failed|errors?|skipped)", " ".join(lines))
            passed, failed, skipped = (
                sum(int(number) for number, word in numbers if word.startswith(words))
                for words in ("passed", ("failed", "error"), "skipped")
            )
            return passed, failed, skipped
        case "robot":
            _, passed, failed = re.findall(r"(\d+) tests?, (\d+) passed, (\d+) failed", printed)[0]
            return int(passed), int(failed), 0
        case "newman":
            row = re.findall(r"assertions +│ +(\d+) +│ +(\d+)", printed)[0]
            return int(row[0]) - int(row[1]), int(row[1]), 0
        case "schemathesis":
            total = int(re.findall(r"Tested: (\d+)", printed)[0])
            failed = len(set(re.findall(r"^_+ (\w+ /\S*) _+$", printed, re.MULTILINE)))
            return total - failed, failed, 0
        case "locust":
            endpoints = locust_endpoints(printed)
            failed = sum(failures > 0 for _, failures in endpoints.values())
            return len(endpoints) - failed, failed, 0
    return None


def locust_endpoints(page: str) -> dict[str, tuple[int, int]]:
    """By method and name: requests and failures, as `--html` has them. (`--csv` is written once a
    second and not at the end: it may lack the last requests.)"""
    _, _, told = page.partition("window.templateArgs = ")
    statistics = json.JSONDecoder().raw_decode(told)[0]["requests_statistics"]
    return {
        f"{each['method']} {each['name']}": (each["num_requests"], each["num_failures"])
        for each in statistics
        if each["name"] != "Aggregated"
    }
