"""The commands that repeat what failed, on the report page: against green while it lives, and
against its image afterwards.

The page cannot know whether green lives, so it gives both and says until when green was seen. Each
command is quoted for a shell. Imported by the page and its failing tests.
"""

import ipaddress
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from testgate.report.elements import Child, h
from testgate.report.page_parts import moment, section
from testgate.report.repeating import Repetition, repetition
from testgate.report.view import RunView, SuiteView, TestView

LOCALLY = "http://127.0.0.1:8080"  # where the suite's repetition expects what is started
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


def again(run: RunView, suite: SuiteView, *, green_lives: bool) -> Repetition | None:
    """The suite's own repetition, with what green's rule asks for besides what the user named."""
    found = repetition(replace(run, suites=(suite,)), green_lives=green_lives)
    if found is None:
        return None
    if len(run.suites) > 1:
        found = replace(found, command=f"{found.command} --suite {suite.name}")
    if not green_lives:
        return found
    known = {need.lower() for need in found.needs}
    headers = (
        f"with --header {name}=…, which the record does not tell" for name in run.header_names
    )
    needs = (*found.needs, *(need for need in headers if need.lower() not in known))
    unnamed = run.host and not run.config.get("TEST_HOST")
    host = f" --host {shlex.quote(run.host)}" if unnamed else ""
    return Repetition(command=found.command + host, needs=needs)


def repeat(run: RunView, suite: SuiteView, test: TestView) -> Element | None:
    """Below a failing test: what runs it again while green lives, and where the rest stands."""
    direct = one_test(test, run.base_url) if _reached_directly(run) else None
    whole = again(run, suite, green_lives=True)
    if direct is not None:
        said, command = "Repeat this test while green lives, in the directory of its suite", direct
    elif whole is not None:
        said = ", ".join(["Repeat what failed first while green lives", *whole.needs])
        command = whole.command
    else:
        return None
    link = h("a", "afterwards", href="#repeat")
    return h(
        "div", h("p", said, " (", link, "):", class_="aside"), _command(command), class_="repeat"
    )


def repeat_section(run: RunView) -> Element | None:
    """Both ways to repeat each suite that did not pass."""
    refused = [suite for suite in run.suites if again(run, suite, green_lives=True) is not None]
    if not refused:
        return None
    shown = refused[:MAX_SUITES]
    return section(
        "repeat",
        "Repeat it",
        h("h3", "While green lives"),
        h("p", _lived(run), class_="note"),
        (_whole(run, suite, green_lives=True) for suite in shown),
        (_alone(run, suite, green_lives=True) for suite in shown),
        h("h3", "Afterwards"),
        (_whole(run, suite, green_lives=False) for suite in shown),
        h("h3", "By hand"),
        _start(run),
        (_alone(run, suite, green_lives=False) for suite in shown),
    )


def _lived(run: RunView) -> Child:
    """Until when green answered for sure."""
    until = moment(run.ended_at)
    if not run.deployment or until is None:
        return "What answers at this URL now may be another version."
    seen: Child = ["Green was seen until ", until, ", when this gate run ended. "]
    return [seen, "After a refusal ECS takes it away, and nothing of it answers at this URL."]


def _start(run: RunView) -> Child:
    command = start_image(run)
    if command is None:
        local = ", as the local AWS does (images.toml)" if _is_local(run.base_url) else ""
        return h("p", f"Start {run.image or 'the version'} at {LOCALLY}{local}.", class_="aside")
    shop = _is_local(run.base_url)
    said = "Start the example shop, in the directory examples" if shop else "Start its image"
    guess = " The last port is a guess: put its container's own."
    port = None if shop or run.target_port is not None else guess
    also = ", with the variables and secrets of its task definition, which no record holds."
    return [h("p", said, also, port, class_="aside"), _command(command)]


def _whole(run: RunView, suite: SuiteView, *, green_lives: bool) -> Iterator[Element]:
    """The command that does it all, from any directory."""
    whole = again(run, suite, green_lives=green_lives)
    if whole is not None:
        said = ", ".join([f"What failed in suite {suite.name}", *whole.needs])
        yield h("p", f"{said}:", class_="aside")
        yield _command(whole.command)


def _alone(run: RunView, suite: SuiteView, *, green_lives: bool) -> Iterator[Element]:
    """The first failing test by its own framework, where that can be run by itself."""
    url = run.base_url if green_lives else LOCALLY
    first = next(iter(suite.failures), None)
    reached = _reached_directly(run) or not green_lives
    direct = one_test(first, url) if first is not None and reached else None
    if direct is not None:
        said = f"The first failing test of suite {suite.name} alone, in the suite's directory:"
        yield h("p", said, class_="aside")
        yield _command(direct)


def _reached_directly(run: RunView) -> bool:
    """Whether green takes requests without the relay, which adds what its rule asks for."""
    return not (run.host or run.header_names)


def _is_local(url: str) -> bool:
    """Whether the gate run was of a local AWS: its load balancers listen on this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _command(command: str) -> Element:
    return h("pre", command, class_="command", tabindex=0)
