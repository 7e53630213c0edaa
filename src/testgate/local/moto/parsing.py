"""Definitions and JSONPaths parsed once: moto parses them anew for each execution and each use.

An execution of the shipped state machine spends a third of a second of processor time on that.
Imported by `installation` alone.
"""

from functools import lru_cache
from typing import Any

from antlr4 import CommonTokenStream, InputStream
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
    SyntaxErrorListener,
)
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import json_path

_DEFINITIONS = 64
_PATHS = 4096


@lru_cache(maxsize=_DEFINITIONS)
def _tree(definition: str) -> Any:
    listener = SyntaxErrorListener()
    parser = ASLParser(CommonTokenStream(ASLLexer(InputStream(definition))))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    tree = parser.state_machine()
    if listener.errors:
        raise ASLParserException(errors=listener.errors)
    return tree


def parse(definition: str) -> tuple[Any, Any]:
    """A definition's program, new at each call because it holds an execution's state, and its
    tree, which nobody writes to. Raises ASLParserException."""
    tree = _tree(definition)
    return Preprocessor().visit(tree), tree


def install() -> None:
    """Put both in the place of moto's; repeating is harmless."""
    AmazonStateLanguageParser.parse = staticmethod(parse)
    for module in (json_path, result_path):
        if not hasattr(module.parse, "cache_info"):
            module.parse = lru_cache(maxsize=_PATHS)(module.parse)
