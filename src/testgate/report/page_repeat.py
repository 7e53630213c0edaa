"""The commands that repeat what failed, on the report page: against green while it lives, and
against its image afterwards.

The page cannot know whether green lives, so it gives both and says until when green was seen. Each
command is quoted for a shell. Imported by the page and its failing tests.
"""

import ipaddress
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from testgate.report.elements import Child, h
from testgate.report.page_parts import moment, section
from testgate.report.repeating import Repetition, repetition
from testgate.report.view import RunView, SuiteView, TestView

LOCALLY = "http://127.0.0.1:8080"  # where what is started by hand listens
MAX_SUITES = 5
_PORT = 8080
_PYTEST = re.compile(r"[^:\n]+\.py(::[^\n]+)?")
_SHOP = re.compile(r"(.*/)?shop(:(?P<tag>[\w.-]+))?(@.*)?")


def one_test(test: TestView, url: str) -> str | None:
    """What runs this test alone in its suite's directory; None where only its framework knows."""
    if not url or not _PYTEST.fullmatch(test.name):
        return None
    plugin = "testgate.runner.pytest_plugin"
    return shlex.join(["env", f"BASE_URL={url}", "python", "-m", "pytest", "-p", plugin, test.name])


def start_image(run: RunView) -> str | None:
    """What starts the recorded image at LOCALLY; None if no image is recorded, or only the local
    AWS knows its process."""
    if not run.image:
        return None
    if _is_local(run.base_url):
        shop = _SHOP.fullmatch(run.image)
        if shop is None:
            return None
        version = [f"SHOP_VERSION={shop['tag']}"] if shop["tag"] else []
        return shlex.join(["env", f"PORT={_PORT}", *version, "python", "-m", "shop"])
    pinned = f"@{run.image_digest}" if run.image_digest and "@" not in run.image else ""
    publish = f"127.0.0.1:{_PORT}:{run.target_port or _PORT}"
    return shlex.join(["docker", "run", "--rm", "--publish", publish, run.image + pinned])


def again(
    run: RunView, suite: SuiteView, *options: str, green_lives: bool = False
) -> Repetition | None:
    """The suite's own repetition, with what green's rule asks for besides what the user named."""
    found = repetition(replace(run, suites=(suite,)), green_lives=green_lives)
    if found is None:
        return None
    if not (run.execution_arn or run.deployment):  # `testgate run`, of which nothing is stored
        command = shlex.join(["testgate", "run", suite.name, "--url", run.base_url])
        return Repetition(command=command, needs=())
    words = ["--suite", suite.name, *options]
    if green_lives and run.host and not run.config.get("TEST_HOST"):
        words += ["--host", run.host]
    known = {need.lower() for need in found.needs}
    headers = (
        f"with --header {name}=…, which the record does not tell" for name in run.header_names
    )
    unnamed = [need for need in headers if green_lives and need.lower() not in known]
    needs = [need for need in found.needs if not need.startswith("green is gone")]
    command = f"{found.command} {shlex.join(words)}"
    return Repetition(command=command, needs=(*needs, *unnamed))


def repeat(run: RunView, suite: SuiteView, test: TestView) -> Element | None:
    """Below a failing test: what runs it again while green lives, and where the rest stands."""
    found = again(run, suite, f"--test={test.name}", green_lives=True)
    if found is None:
        return None
    link = h("a", "afterwards", href="#repeat")
    said = ", ".join(["Repeat it while green lives", *found.needs])
    return h(
        "div",
        h("p", said, " (", link, "):", class_="aside"),
        _command(found.command),
        class_="repeat",
    )


def repeat_section(run: RunView) -> Element | None:
    """Both ways to repeat each suite that did not pass."""
    refused = [suite for suite in run.suites if again(run, suite) is not None]
    if not refused:
        return None
    shown = refused[:MAX_SUITES]
    stored = bool(run.execution_arn or run.deployment)
    return section(
        "repeat",
        "Repeat it",
        h("h3", "While green lives"),
        h("p", _lived(run), class_="note"),
        (_steps(run, suite, green_lives=True) for suite in shown),
        _afterwards(run, shown) if stored else None,
    )


def _afterwards(run: RunView, shown: Sequence[SuiteView]) -> Iterator[Element]:
    """The recorded image, started by the command or by hand."""
    yield h("h3", "Afterwards")
    said = (
        "The command starts the recorded image here, with the environment of its task definition."
    )
    yield h("p", said, class_="note")
    for suite in shown:
        yield from _steps(run, suite, green_lives=False)
    start = start_image(run)
    first = next((test for suite in shown for test in suite.failures), None)
    direct = one_test(first, LOCALLY) if first is not None else None
    if start is not None and direct is not None:
        yield h("h3", "By hand")
        shop = _is_local(run.base_url)
        where = "the example shop, in the directory examples" if shop else "the image"
        guess = not shop and run.target_port is None
        port = "; the last port is a guess: put its container's own" if guess else ""
        also = "with the variables and secrets of its task definition, which no record holds"
        yield h("p", f"Start {where}, {also}{port}:", class_="aside")
        yield _command(start)
        yield h("p", "The first failing test alone, in its suite's directory:", class_="aside")
        yield _command(direct)


def _lived(run: RunView) -> Child:
    """Until when green answered for sure."""
    until = moment(run.ended_at)
    if not run.deployment or until is None:
        return "What answers at this URL now may be another version."
    seen: Child = ["Green was seen until ", until, ", when this gate run ended. "]
    return [seen, "After a refusal ECS takes it away, and nothing of it answers at this URL."]


def _steps(run: RunView, suite: SuiteView, *, green_lives: bool) -> Iterator[Element]:
    """What failed first in a suite, and the whole suite."""
    ways = {"What failed first in suite": (), "The whole suite": ("--whole-suite",)}
    for said, options in ways.items():
        if options and not (run.execution_arn or run.deployment):
            return
        found = again(run, suite, *options, green_lives=green_lives)
        if found is not None:
            told = ", ".join([f"{said} {suite.name}", *found.needs])
            yield h("p", f"{told}:", class_="aside")
            yield _command(found.command)


def _is_local(url: str) -> bool:
    """Whether the gate run was of a local AWS: its load balancers listen on this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _command(command: str) -> Element:
    return h("pre", command, class_="command", tabindex=0)
