"""Reads a report page as a browser's parser would: its elements, their attributes and texts."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input", "br", "hr", "img", "link"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str | None]
    children: list["Node | str"] = field(default_factory=list)

    def all(self, tag=None):
        """This and every element within, in the order of the page."""
        if tag is None or self.tag == tag:
            yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.all(tag)

    def one(self, tag, **attributes):
        found = [
            node
            for node in self.all(tag)
            if all(node.attributes.get(key) == value for key, value in attributes.items())
        ]
        assert len(found) == 1, (tag, attributes, len(found))
        return found[0]

    @property
    def classes(self):
        return (self.attributes.get("class") or "").split()

    @property
    def text(self):
        return "".join(c if isinstance(c, str) else c.text for c in self.children)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Node("#document", {})
        self._open = [self.root]
        self.problems = []

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs))
        if len(node.attributes) != len(attrs):
            self.problems.append(f"an attribute twice in <{tag}>")
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag):
        if self._open[-1].tag != tag:
            self.problems.append(f"</{tag}> within <{self._open[-1].tag}>")
            return
        self._open.pop()

    def handle_data(self, data):
        self._open[-1].children.append(data)

    def handle_comment(self, data):
        self.problems.append(f"a comment: {data[:40]}")


def read_page(text):
    """The page's tree. Fails if an element is not closed where it must be."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.problems == []
    assert len(reader._open) == 1
    return reader.root
