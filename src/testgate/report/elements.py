"""HTML as a tree of elements, so that what a test said can only ever be text.

Built on the standard library's ElementTree, whose serializer escapes every text and attribute.
Imported by the report page.
"""

import re
from collections.abc import Iterable
from typing import TypeAlias
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Child: TypeAlias = "Element | str | Iterable[Child] | None"

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\ufffe\uffff]"
)
_CONTROL_PICTURES = 0x2400  # the picture of a control character lies so far above it
_DELETE, _FIRST_PRINTABLE = 0x7F, 0x20


def h(tag: str, *children: Child, **attributes: str | int | bool | None) -> Element:
    """An element. `class_="x"` gives class, `aria_label` aria-label; True an attribute without a
    value, None and False none."""
    element = Element(tag)
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        element.set(key, "" if value is True else visible(str(value)))
    for child in children:
        _append(element, child)
    return element


def raw(tag: str, text: str, **attributes: str) -> Element:
    """A script or style, whose text is not escaped. Raises ValueError for a text that could end
    it early."""
    if re.search(r"</|<!--|<script", text, re.IGNORECASE):
        raise ValueError(f"text that could leave its <{tag}>")
    element = h(tag, **attributes)
    element.text = text
    return element


def to_html(root: Element) -> str:
    """The document."""
    return "<!doctype html>\n" + ElementTree.tostring(root, encoding="unicode", method="html")


def visible(text: str) -> str:
    """The text with nothing hidden in it: control characters as their pictures, characters that
    turn the direction of writing or take no room as their escapes."""
    return _INVISIBLE.sub(_show, text.replace("\r\n", "\n"))


def _show(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\r":
        return "\n"
    if code < _FIRST_PRINTABLE:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == _DELETE else f"\\u{code:04x}"


def _append(element: Element, child: Child) -> None:
    if child is None:
        return
    if isinstance(child, str):
        text = visible(child)
        if len(element):
            element[-1].tail = (element[-1].tail or "") + text
        else:
            element.text = (element.text or "") + text
    elif isinstance(child, Element):
        element.append(child)
    else:
        for one in child:
            _append(element, one)
