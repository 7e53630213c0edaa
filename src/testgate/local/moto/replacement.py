"""Puts a corrected function or class in the place of moto's, wherever moto refers to it by name.

moto's modules import each other's names, so one assignment is not enough. Nothing is patched inside
a class of moto. Imported by the bridges of this package alone.
"""

import sys
from typing import Any


def replace_everywhere(package: str, original: Any, ours: Any) -> None:
    """Let every loaded module of `package` that names `original` name `ours`; repeatable.

    The module that defines `original` keeps it: our subclasses build on it there.
    """
    for name, module in list(sys.modules.items()):
        if not name.startswith(package) or name == getattr(original, "__module__", None):
            continue
        for attribute, value in list(vars(module).items()):
            if value is original:
                setattr(module, attribute, ours)
