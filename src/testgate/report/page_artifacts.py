"""What suites left for people, on the report page: images shown, other files named.

The page itself holds none of it. An image is referred to where it lies beside the page, under
`evidence/`, as it does in the bucket and after `testgate open`; where there is none, the page's
script puts its name in its place. Imported by the page and by `testgate open`.
"""

import re
import shlex
from collections.abc import Mapping
from urllib.parse import quote
from xml.etree.ElementTree import Element

from testgate.report.elements import Child, h, visible
from testgate.report.page_parts import counted, section, size
from testgate.report.view import ArtifactView, RunView, SuiteView, TestView

MAX_IMAGES = 20  # on a page
MAX_OF_A_TEST = 4
MAX_LISTED = 100
# Kinds that a browser draws and that cannot hold a script.
_IMAGE = re.compile(r".+\.(png|jpe?g|gif|webp)", re.IGNORECASE)
_NO_WORD = re.compile(r"[^0-9a-z]+")


class Gallery:
    """A gate run's images, each with the test whose name its own holds, if any."""

    def __init__(self, run: RunView) -> None:
        found = {
            suite.name: [each for each in suite.artifacts if _is_image(each)]
            for suite in run.suites
        }
        self._of_tests: dict[tuple[str, str], list[ArtifactView]] = {}
        for suite in run.suites:
            names = {_words(_own_name(test.name)): test.name for test in suite.tests}
            names.pop(_words(""), None)
            for image in found[suite.name]:
                name = _owner(image, names)
                if name:
                    self._of_tests.setdefault((suite.name, name), []).append(image)
        failing = [self._of(suite, test) for suite, test in run.failures]
        beside = [image for images in failing for image in images]
        rest = [image for images in found.values() for image in images if image not in beside]
        self.shown = tuple(dict.fromkeys([*beside, *rest]))[:MAX_IMAGES]
        self.apart = tuple(image for image in rest if image in self.shown)

    def beside(self, suite: SuiteView, test: TestView) -> Element | None:
        """The images of a failing test, as far as the page shows them."""
        figures = [_figure(each) for each in self._of(suite, test) if each in self.shown]
        return h("div", figures, class_="images") if figures else None

    def _of(self, suite: SuiteView, test: TestView) -> list[ArtifactView]:
        return self._of_tests.get((suite.name, test.name), [])[:MAX_OF_A_TEST]


def _owner(image: ArtifactView, names: Mapping[str, str]) -> str:
    """The test with the longest name that the image's holds; "" for none."""
    words = _words(_short(image.path))
    held = [(len(own), name) for own, name in names.items() if own in words]
    return max(held, default=(0, ""))[1]


def _own_name(name: str) -> str:
    """`test_pay` of `shop/test_pay.py::TestPay::test_pay[card]`"""
    return re.split(r"::|\.|/", name.partition("[")[0])[-1]


def artifacts_section(run: RunView, gallery: Gallery) -> Element | None:
    """Every file, and how to fetch them; images that stand beside no failing test."""
    left = [(suite, each) for suite in run.suites for each in suite.artifacts]
    if not left:
        return None
    figures = [_figure(each) for each in gallery.apart]
    items = [_item(suite, each) for suite, each in left[:MAX_LISTED]]
    hidden = len(left) - len(items)
    return section(
        "artifacts",
        counted(len(left), "artifact"),
        h("div", figures, class_="images") if figures else None,
        h("ul", items, class_="plain files"),
        h("p", f"and {hidden:,} more", class_="note") if hidden else None,
        _fetching(run),
    )


def evidence_url(path: str) -> str | None:
    """Where it lies, seen from the page; None for a path that would lead elsewhere."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return None
    return "evidence/" + "/".join(quote(part, safe="") for part in parts)


def _item(suite: SuiteView, artifact: ArtifactView) -> Element:
    said: Child = f"not kept: {artifact.left_out}" if artifact.left_out else size(artifact)
    return h(
        "li",
        h("code", h("bdi", _short(artifact.path))),
        h("span", f"suite {suite.name}, ", said, class_="aside"),
    )


def _figure(artifact: ArtifactView) -> Element:
    url, name = evidence_url(artifact.path), _short(artifact.path)
    picture = h("img", src=url, alt=f"Image {visible(name)}", loading="lazy")
    return h(
        "figure",
        h("a", picture, href=url),
        h("figcaption", h("bdi", name), f", {size(artifact)}"),
    )


def _fetching(run: RunView) -> Child:
    """How, unless it lies here already, as after `testgate run`, which knows no service."""
    target = run.deployment or run.service_name
    if not target:
        return None
    command = shlex.join(["testgate", "artifacts", target, "--output", "gate-run"])
    said = "Fetch all of it into a new directory, whose report.html shows the images:"
    return [h("p", said), h("pre", command, class_="command", tabindex=0)]


def _is_image(artifact: ArtifactView) -> bool:
    kept = not artifact.left_out and evidence_url(artifact.path) is not None
    return kept and _IMAGE.fullmatch(artifact.path) is not None


def _short(path: str) -> str:
    """The path as the suite wrote it: behind `<suite>/<shard>/<attempt>-<retry>/artifacts/`."""
    return path.partition("/artifacts/")[2] or path


def _words(text: str) -> str:
    """`-test-checkout-`, from whatever separates words."""
    return f"-{_NO_WORD.sub('-', text.lower()).strip('-')}-"
