"""What `--json` prints, held against the schema that docs/schemas publishes for the command."""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from tests.deployments.conftest import ROOT

SCHEMAS = ROOT / "docs" / "schemas"


def as_published(command: str, stdout: str) -> Any:
    """The value that was printed. Fails if it is not of the command's published form."""
    schema = json.loads((SCHEMAS / f"{command}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    value = json.loads(stdout)
    checker = jsonschema.FormatChecker()
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(value)
    return value
