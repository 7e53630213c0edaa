"""What a shard's function died of is told without the secrets that it holds."""

import pytest

from state_machines.steps.run_suite import _telling_no_secret
from testgate.core.errors import RunnerError, UnavailableError


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        (RunnerError("no sekret-one"), RunnerError, "no [redacted]"),
        (UnavailableError("sekret-one away"), UnavailableError, "[redacted] away"),
        (OSError(2, "missing", "/a/sekret-one"), RunnerError, "missing: '/a/[redacted]'"),
        (OSError(2, "missing", "/a"), OSError, "missing: '/a'"),
    ],
)
def test_a_cause_holds_no_secret(raised, kind, told):
    with pytest.raises(kind) as caught, _telling_no_secret(("sekret-one",)):
        raise raised
    assert str(caught.value).endswith(told)
    assert caught.value is raised or caught.value.__cause__ is None
