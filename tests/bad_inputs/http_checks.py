"""Checks of an http suite, as a gate file has them."""

from dataclasses import replace

from testgate.core.checks import MAX_CHECKS, Check, read_check
from testgate.core.plan import Suite
from testgate.core.variables import filled
from tests.bad_inputs.catalogue import BadInput
from tests.bad_inputs.gate_files import GATE, file
from tests.bad_inputs.plans import TWICE, meant, stored_suite
from tests.core.samples import BUNDLE, plan

SUITE = '[[suites]]\nname = "smoke"\n'

CONTAINS = {
    "name": "a",
    "path": "/",
    "expect": {"body": {"contains": "${TESTGATE_PARAMETER_ID}"}},
}


def suite(lines: str, says: str) -> BadInput:
    """A gate file whose suite says nothing but this."""
    return file(f"schema = 1\n{GATE}{SUITE}{lines}\n", says, f"[[suites]] … {lines}")


def check(lines: str, says: str) -> BadInput:
    """A gate file whose check says this, and has a name and a path."""
    keys = {line.partition(" =")[0] for line in lines.splitlines()}
    own = [
        f'{key} = "{value}"' for key, value in (("name", "one"), ("path", "/")) if key not in keys
    ]
    text = "\n".join(["schema = 1", GATE + SUITE + "[[suites.checks]]", *own, lines, ""])
    return file(text, says, f"[[suites.checks]] … {lines}")


def of_checks(*names: str, **changes: object) -> Suite:
    """A suite of checks of these names."""
    checks = tuple(Check(name=name, path="/") for name in names)
    values = {"name": "smoke", "framework": "http", "checks": checks, "min_tests": len(checks) or 1}
    return Suite(**(values | changes))  # type: ignore[arg-type]


ROWS = (
    meant(
        plan(replace(of_checks(), checks=(Check(name="one", path="/${TOKEN}"),))),
        'path = "/${TOKEN}" without such a secret',
        "suite 'smoke': checks ask for ${TOKEN}, which is neither in environment nor in secrets and "
        "no variable of a run; known: TESTGATE_ATTEMPT, TESTGATE_BASE_URL, TESTGATE_CLUSTER, "
        "TESTGATE_DEADLINE, TESTGATE_DEPLOYMENT_ID, TESTGATE_IMAGE, TESTGATE_PARAMETER_NAME, "
        "TESTGATE_REVISION, TESTGATE_RUN_ID, TESTGATE_SERVICE, TESTGATE_STAGE, TESTGATE_SUITE, "
        "TESTGATE_TEST_HOST",
    ),
    suite('runner = "ftp"', "suite 'smoke': runner is 'ftp', expected lambda or http"),
    suite('runner = "http"', "suite 'smoke': checks is missing, expected [[suites.checks]] tables"),
    suite(
        'runner = "http"\nchecks = []',
        "suite 'smoke': checks is [], expected [[suites.checks]] tables",
    ),
    suite('runner = "http"\nchecks = [1]', "suite 'smoke': check '1': it is no table"),
    suite(
        'runner = "lambda"\npath = "a"\nchecks = [{ name = "one", path = "/" }]',
        "suite 'smoke': checks are for runner 'http'; this suite says 'lambda'",
    ),
    suite(
        'path = "a"\nchecks = [{ name = "one", path = "/" }]',
        "suite 'smoke': path is for suites of files, and this one has checks",
    ),
    suite(
        'shards = 2\nchecks = [{ name = "one", path = "/" }]',
        "suite 'smoke': shards is for suites of files, and this one has checks",
    ),
    check(
        'methods = "GET"', "suite 'smoke': check 'one': unknown key 'methods'; did you mean method?"
    ),
    check(
        'name = ""', "suite 'smoke': check '': name is '', expected a line of 1 to 200 characters"
    ),
    check(
        'name = "password = hunter2"',
        "suite 'smoke': check 'password = hunter2': its name looks like a credential, which a report would not show",
    ),
    check(
        'method = "get"',
        "suite 'smoke': check 'one': method is 'get', expected GET or HEAD or POST or PUT or PATCH or DELETE or OPTIONS",
    ),
    check(
        'path = "health"',
        "suite 'smoke': check 'one': path is 'health', expected one like /health, without dots and spaces",
    ),
    check(
        'path = "/a b"',
        "suite 'smoke': check 'one': path is '/a b', expected one like /health, without dots and spaces",
    ),
    check(
        'path = "/../a"',
        "suite 'smoke': check 'one': path is '/../a', expected one like /health, without dots and spaces",
    ),
    check(
        'path = "/${TESTGATE_REVISON}"',
        "suite 'smoke': check 'one': ${TESTGATE_REVISON} is no variable of a run; did you mean TESTGATE_REVISION?",
    ),
    check(
        'path = "/${TESTGATE_PATH}"',
        "suite 'smoke': check 'one': ${TESTGATE_PATH} is no variable of a run; did you mean TESTGATE_ATTEMPT?",
    ),
    check(
        'path = "/${TESTGATE_RUN_ID"',
        "suite 'smoke': check 'one': '/${TESTGATE_RUN_ID' has a ${ without its }; write $${ for the characters",
    ),
    check(
        'headers = ["a"]', "suite 'smoke': check 'one': headers is ['a'], expected a table of texts"
    ),
    check('headers = { Host = "a" }', "suite 'smoke': check 'one': Host is what TEST_HOST is for"),
    check('headers = { A = "1", a = "2" }', "suite 'smoke': check 'one': header a is given twice"),
    check(
        'headers = { "a b" = "1" }', "suite 'smoke': check 'one': 'a…' is not the name of a header"
    ),
    check(
        "body = { a = 1 }",
        "suite 'smoke': check 'one': body is {'a': 1}, expected text; json takes a table",
    ),
    check(
        'body = "a"\njson = 1',
        "suite 'smoke': check 'one': body and json are both given; a request has one body",
    ),
    check(
        "json = 2026-12-01",
        "suite 'smoke': check 'one': json: 2026-12-01 is none of JSON's values; give the text itself as body",
    ),
    check(
        "json = { a = nan }",
        "suite 'smoke': check 'one': json: nan is none of JSON's values; give the text itself as body",
    ),
    check("retries = 6", "suite 'smoke': check 'one': retries is 6, expected 0 to 5"),
    check("timeout_s = 0", "suite 'smoke': check 'one': timeout_s is 0, expected 1 to 120"),
    check("expect = 200", "suite 'smoke': check 'one': expect is 200, expected a table"),
    check(
        "expect.statuses = 200",
        "suite 'smoke': check 'one': unknown key 'statuses' of expect; did you mean status?",
    ),
    check(
        "expect.status = 199",
        "suite 'smoke': check 'one': status is 199, expected a code from 200 to 599, a class like \"2xx\", or a list of them",
    ),
    check(
        'expect.status = "200"',
        "suite 'smoke': check 'one': status is '200', expected a code from 200 to 599, a class like \"2xx\", or a list of them",
    ),
    check(
        "expect.status = []",
        "suite 'smoke': check 'one': status is [], expected a code from 200 to 599, a class like \"2xx\", or a list of them",
    ),
    check(
        'expect.headers = "a"',
        "suite 'smoke': check 'one': expect.headers is 'a', expected a table by headers",
    ),
    check(
        'expect.headers = { "a b" = "1" }',
        "suite 'smoke': check 'one': 'a b' is not the name of a header",
    ),
    check(
        "expect.headers.etag = 1",
        "suite 'smoke': check 'one': expect.headers 'etag': equals is '1', expected text, or a table of comparisons",
    ),
    check(
        "expect.headers.etag = { min = 1 }",
        "suite 'smoke': check 'one': expect.headers 'etag': unknown comparison 'min'; known: contains, equals, exists, matches, not_equals",
    ),
    check(
        'expect.json = "a"',
        "suite 'smoke': check 'one': expect.json is 'a', expected a table by JMESPath expressions",
    ),
    check(
        'expect.json."" = 1',
        "suite 'smoke': check 'one': an expression has 0 characters, expected 1 to 512",
    ),
    check(
        'expect.json."a${TESTGATE_RUN_ID}" = 1',
        "suite 'smoke': check 'one': expression 'a${TESTGATE_RUN_ID}' holds a variable; those stand in expected values alone",
    ),
    check(
        "expect.json.a = { minimum = 1 }",
        "suite 'smoke': check 'one': expect.json 'a': unknown comparison 'minimum'; did you mean min?",
    ),
    check(
        "expect.json.a = {}",
        "suite 'smoke': check 'one': expect.json 'a': a table without a comparison; known: equals, not_equals, min, max, matches, contains, exists",
    ),
    check(
        'expect.json.a = { min = "1" }',
        "suite 'smoke': check 'one': expect.json 'a': min is '1', expected a number",
    ),
    check(
        "expect.json.a = { exists = 1 }",
        "suite 'smoke': check 'one': expect.json 'a': exists is '1', expected true or false",
    ),
    check(
        "expect.json.a = { exists = false, min = 1 }",
        "suite 'smoke': check 'one': expect.json 'a': exists = false stands alone: what is not there cannot be compared",
    ),
    check(
        'expect.json.a = { matches = "(" }',
        "suite 'smoke': check 'one': expect.json 'a': matches '(' is no regular expression: missing ), unterminated subpattern at position 0",
    ),
    check(
        'expect.json.a = { contains = "" }',
        "suite 'smoke': check 'one': expect.json 'a': contains is empty, which holds of every text",
    ),
    check(
        "expect.json.a = { matches = 1 }",
        "suite 'smoke': check 'one': expect.json 'a': matches is '1', expected a regular expression",
    ),
    check(
        "expect.json.a = 2026-12-01",
        "suite 'smoke': check 'one': expect.json 'a': 2026-12-01 is none of JSON's values",
    ),
    check(
        'expect.json.a = "${TESTGATE_NAME}"',
        "suite 'smoke': check 'one': expect.json 'a': ${TESTGATE_NAME} is no variable of a run; did you mean TESTGATE_STAGE?",
    ),
    check(
        "expect.body = 1",
        "suite 'smoke': check 'one': expect.body: equals is '1', expected text, or a table of comparisons",
    ),
    check(
        "expect.max_latency_ms = 0",
        "suite 'smoke': check 'one': max_latency_ms is 0, expected 1 or more",
    ),
    check(
        'method = "HEAD"\nexpect.body = "a"',
        "suite 'smoke': check 'one': an answer to HEAD has no body that anything could be expected of",
    ),
    check(
        "headers = {" + ", ".join(f'x-{n} = "1"' for n in range(51)) + "}",
        "suite 'smoke': check 'one': it has 51 headers, at most 50 are allowed",
    ),
    check(
        "[suites.checks.expect.json]\n" + "\n".join(f"a{n} = 1" for n in range(101)),
        "suite 'smoke': check 'one': expect.json has 101 entries, at most 100 are allowed",
    ),
    check(
        f'body = "{"x" * 65_537}"',
        "suite 'smoke': check 'one': its body has 65537 characters, at most 65536 are allowed",
    ),
    meant(
        plan(of_checks()),
        "runner http without checks",
        "suite 'smoke': framework 'http' has 0 checks; runner 'http' needs some, and no other has any",
    ),
    meant(
        plan(of_checks("one", min_tests=2)),
        "min_tests = 2 of one check",
        "suite 'smoke': min_tests is 2, and it has 1 checks",
    ),
    meant(
        plan(of_checks("one", "one")),
        "two checks of one name",
        "suite 'smoke': check 'one' is named twice",
    ),
    meant(
        plan(of_checks(*(f"c{n}" for n in range(MAX_CHECKS + 1)))),
        "201 checks",
        "suite 'smoke': it has 201 checks, at most 200 are allowed",
    ),
    meant(
        plan(of_checks("one", bundle=BUNDLE)),
        "runner http with a bundle",
        "suite 'smoke': a suite of checks has no bundle",
    ),
    meant(
        plan(of_checks("one", quarantine=(TWICE,))),
        "quarantine of a test that is none of the checks",
        "suite 'smoke': quarantine names 'test_a', which is none of its checks",
    ),
    BadInput(
        kind="check",
        given="${TESTGATE_PARAMETER_ID} without ID in PARAMETERS",
        act=lambda: filled("${TESTGATE_PARAMETER_ID}", {}),
        says="${TESTGATE_PARAMETER_ID} has no value in this run: give ID in PARAMETERS",
    ),
    BadInput(
        kind="check",
        given='expect.body.contains = "${TESTGATE_PARAMETER_ID}" with an empty ID in PARAMETERS',
        act=lambda: read_check(CONTAINS).filled({"TESTGATE_PARAMETER_ID": ""}),
        says="contains is empty, which holds of every text: a variable of it is empty in this run",
    ),
    stored_suite(
        "a bundle that is no text", "suite 'smoke' has a bundle that is no text", bundle=7
    ),
)
