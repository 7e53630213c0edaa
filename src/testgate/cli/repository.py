"""Where this checkout of Testgate lies: template, bundles and examples are its files."""

from pathlib import Path

import testgate
from testgate.core.errors import GateError


def repository() -> Path:
    """The checkout that this package runs from. Raises GateError for an installed copy."""
    root = Path(testgate.__file__).resolve().parents[2]
    if not (root / "infra" / "gate.yaml").is_file():
        raise GateError(
            "this command needs Testgate's repository (infra/gate.yaml, examples/): "
            "clone it and run the command there"
        )
    return root
