"""What a suite is given and leaves, as gate files and plans spell it."""

from typing import Any

from testgate.core.plan import Plan
from testgate.core.provisions import filled, parse_secret
from tests.bad_inputs.catalogue import BadInput
from tests.bad_inputs.gate_files import gate
from tests.bad_inputs.gate_files import suite as in_file
from tests.bad_inputs.plans import meant, stored, stored_suite
from tests.core.samples import plan, suite

SECRET = parse_secret("ssm:/a")


def of_suite(given: str, says: str, **changes: Any) -> BadInput:
    return meant(plan(suite(**changes)), given, f"suite 'smoke': {says}")


ROWS = (
    gate(
        'name = "shop"\nparallel = "4"',
        "[gate] parallel is '4', expected a whole number of shards",
    ),
    meant(
        Plan(gate="shop", waves=((suite(),),), parallel=41),
        "parallel = 41",
        "parallel of [gate] is 41, expected 1 to 40",
    ),
    stored("parallel = true", "the plan's parallel is no whole number", parallel=True),
    in_file('flaky = "warn"', "suite 'smoke': flaky is 'warn', expected pass or fail"),
    stored_suite('flaky = "warn"', "suite 'smoke' has unknown flaky 'warn'", flaky="warn"),
    in_file(
        'environment = ["A"]',
        "suite 'smoke': environment is ['A'], expected a table of texts: variable to value",
    ),
    in_file(
        'secrets = "A"', "suite 'smoke': secrets is 'A', expected a table: variable to reference"
    ),
    in_file(
        'secrets = {A = "vault:b"}',
        "suite 'smoke': secrets A 'vault:b' is no reference to a secret: expected "
        "secretsmanager:NAME, secretsmanager:NAME#KEY or ssm:NAME",
    ),
    stored_suite(
        "environment = 7", "suite 'smoke' has environment that is no table of texts", environment=7
    ),
    in_file(
        'artifacts = "*.png"',
        "suite 'smoke': artifacts is '*.png', expected a list of texts, such as "
        "'screenshots/*.png'",
    ),
    stored_suite(
        "artifacts = [7]", "suite 'smoke' has artifacts that are no list of texts", artifacts=[7]
    ),
    stored_suite("role = 7", "suite 'smoke' has a role that is no text", role=7),
    of_suite(
        'artifacts = ["../x"]',
        "artifacts holds '../x', expected a pattern below TESTGATE_RESULTS_DIR, like "
        "screenshots/*.png",
        artifacts=("../x",),
    ),
    of_suite(
        "21 artifacts", "artifacts has 21 patterns, at most 20 are allowed", artifacts=("a",) * 21
    ),
    of_suite(
        'role = "shop-tests"',
        "role is 'shop-tests', expected a role's ARN: arn:aws:iam::123456789012:role/NAME",
        role="shop-tests",
    ),
    of_suite(
        "51 variables",
        "environment has 51 variables, at most 50 are allowed",
        environment={f"V{n}": "" for n in range(51)},
    ),
    of_suite(
        'environment = {"A-B" = "x"}',
        "environment names 'A-B', which is no name of a variable",
        environment={"A-B": "x"},
    ),
    of_suite(
        'environment = {BASE_URL = "http://x"}',
        "environment sets BASE_URL, which is for Testgate to set",
        environment={"BASE_URL": "http://x"},
    ),
    of_suite(
        'secrets = {AWS_PROFILE = "ssm:/a"}',
        "secrets sets AWS_PROFILE, which is for Testgate to set",
        secrets={"AWS_PROFILE": SECRET},
    ),
    of_suite(
        "A in environment and secrets",
        "environment and secrets both set A",
        environment={"A": "x"},
        secrets={"A": SECRET},
    ),
    of_suite(
        'environment = {A = "x" * 2001}',
        "environment A has 2001 characters, at most 2000 are allowed",
        environment={"A": "x" * 2001},
    ),
    of_suite(
        'environment = {A = "\\u0000"}',
        "environment A holds a NUL character",
        environment={"A": "\x00"},
    ),
    of_suite(
        'environment = {A = "5 $"}',
        "environment A has a $ that names nothing: write $$ for a dollar sign",
        environment={"A": "5 $"},
    ),
    of_suite(
        'environment = {A = "${HOME}"}',
        "environment A asks for ${HOME}: only ${TESTGATE_…} can be asked for",
        environment={"A": "${HOME}"},
    ),
    BadInput(
        kind="a run's variables",
        given='A = "${TESTGATE_PARAMETER_X}" without PARAMETERS X',
        act=lambda: filled("${TESTGATE_PARAMETER_X}", {"TESTGATE_RUN_ID": "r"}),
        says="environment asks for ${TESTGATE_PARAMETER_X}, which this run does not have",
    ),
)
