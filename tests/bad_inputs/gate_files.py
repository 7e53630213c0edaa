"""The gate file testgate.toml, as people write it."""

from datetime import date
from typing import Any

from testgate.core.gatefile import parse_gate_file
from testgate.core.identity_check import IdentityCheck, Subject, expected_value
from tests.bad_inputs.catalogue import BadInput
from tests.core.samples import GREEN

TODAY = date(2026, 11, 23)
GATE = '[gate]\nname = "shop"\n'
SUITE = '[[suites]]\nname = "smoke"\npath = "smoke"\n'
ENTRY = {
    "suite": '"smoke"',
    "test": '"test_a.py::test_pay"',
    "owner": '"payments"',
    "reason": '"PAY-812"',
    "expires": "2026-12-15",
}


def file(text: str, says: str, given: str = "") -> BadInput:
    """A whole file."""
    return BadInput(
        kind="gate file",
        given=given or text,
        act=lambda: parse_gate_file(text, TODAY),
        says=says,
    )


def top(line: str, says: str) -> BadInput:
    """A good file with this before its tables."""
    return file(f"schema = 1\n{line}\n{GATE}{SUITE}", says, line)


def gate(lines: str, says: str) -> BadInput:
    """A good file with this [gate] table."""
    return file(f"schema = 1\n[gate]\n{lines}\n{SUITE}", says, f"[gate]\n{lines}")


def suite(lines: str, says: str) -> BadInput:
    """A good file with this in its suite's table."""
    return file(f"schema = 1\n{GATE}{SUITE}{lines}\n", says, f"[[suites]] … {lines}")


def identity(says: str, **changes: str) -> BadInput:
    """A good file with this [identity] table."""
    table = {"path": "/version", "jmespath": "version", "expect": "{image_tag}"} | changes
    lines = "\n".join(f'{key} = "{value}"' for key, value in table.items() if value)
    given = ", ".join(f'{key} = "{value[:20]}"' for key, value in changes.items())
    return file(f"schema = 1\n{GATE}{SUITE}[identity]\n{lines}\n", says, f"[identity] … {given}")


def expected(given: str, says: str, *, expect: str, **facts: Any) -> BadInput:
    """An [identity] that is asked of a revision with these facts."""
    check = IdentityCheck(path="/version", jmespath="version", expect=expect)
    known = {"container": "web", "images": {"web": "shop:1"}, "revision": GREEN} | facts
    return BadInput(
        kind="identity",
        given=f'expect = "{expect}", {given}',
        act=lambda: expected_value(check, Subject(**known)),
        says=says,
    )


def quarantine(says: str, given: str, **changes: str | None) -> BadInput:
    """A good file with a quarantine entry changed so; None takes a key away."""
    kept = {key: value for key, value in (ENTRY | changes).items() if value is not None}
    lines = "\n".join(f"{key} = {value}" for key, value in kept.items())
    text = f"schema = 1\n{GATE}{SUITE}[[quarantine]]\n{lines}\n"
    return file(text, says, f"[[quarantine]] … {given}")


ROWS = (
    file("schema = ", "not valid TOML: Invalid value (at end of document)"),
    file(f"{GATE}{SUITE}", "schema is missing, expected schema = 1", "no schema"),
    file(f"schema = 2\n{GATE}{SUITE}", "schema is 2, expected schema = 1", "schema = 2"),
    file(
        f"schema = 1\n{GATE}",
        "no [[suites]] table: a gate without a suite could refuse nothing",
        "no suites",
    ),
    file(f"schema = 1\nsuites = [7]\n{GATE}", "suites[1] is not a table", "suites = [7]"),
    top("sweets = 1", "unknown key 'sweets'; known: gate, identity, quarantine, schema, suites"),
    top("quarantine = 1", "quarantine is no [[quarantine]] table"),
    top(
        'quarantine = ["test_a"]',
        "quarantine[1] lacks suite, lacks test, lacks owner, lacks reason, lacks expires; it needs exactly: suite, test, owner, reason, expires",
    ),
    gate("", "[gate] name is missing, expected lower-case letters, digits, - and _"),
    gate('name = "Shop"', "[gate] name is 'Shop', expected lower-case letters, digits, - and _"),
    gate(
        'name = "shop"\nservice = ["shop/web"]',
        "[gate] unknown key 'service'; did you mean services?",
    ),
    gate(
        'name = "shop"\nservices = "shop/web"',
        "[gate] services is 'shop/web', expected a list of texts such as 'cluster/service'",
    ),
    gate(
        'name = "shop"\ntimeout_s = "600"',
        "[gate] timeout_s is '600', expected a whole number of seconds",
    ),
    file(
        f'schema = 1\n{GATE}[[suites]]\npath = "a"\n',
        "suite 1: name is missing, expected lower-case letters, digits, - and _",
        "[[suites]] without a name",
    ),
    file(
        f'schema = 1\n{GATE}[[suites]]\nname = "a"\n',
        "suite 'a': path is missing, expected a directory beside the gate file",
        "[[suites]] without a path",
    ),
    suite(
        "min_test = 3",
        "suite 'smoke': unknown key 'min_test'; did you mean min_tests?",
    ),
    suite('min_tests = "3"', "suite 'smoke': min_tests is '3', expected a whole number"),
    suite("min_tests = 0", "suite 'smoke': min_tests is 0, expected 1 or more"),
    suite("timeout_s = 900", "suite 'smoke': timeout_s is 900, expected 1 to 780"),
    suite("shards = 65", "suite 'smoke': shards is 65, expected 1 to 64"),
    suite("attempts = 6", "suite 'smoke': attempts is 6, expected 1 to 5"),
    suite("wave = 1.5", "suite 'smoke': wave is 1.5, expected a whole number"),
    suite("blocking = 1", "suite 'smoke': blocking is 1, expected true or false"),
    suite("framework = true", "suite 'smoke': framework is true, expected text"),
    suite(
        'command = "make test"',
        "suite 'smoke': command is 'make test', expected a list of texts: program and arguments",
    ),
    suite('evidence = "none"', "suite 'smoke': evidence is 'none', expected report or exit-code"),
    suite(
        'thresholds = "requests > 1"',
        "suite 'smoke': thresholds is 'requests > 1', expected a list of texts",
    ),
    suite(
        'thresholds = ["requests ~ 1"]',
        "suite 'smoke': threshold 'requests ~ 1' is not of the form 'metric <= number' (with <, <=, > or >=), such as 'response_p95_ms <= 300'",
    ),
    quarantine(
        "quarantine[1] lacks owner; it needs exactly: suite, test, owner, reason, expires",
        "without owner",
        owner=None,
    ),
    quarantine(
        "quarantine[1] lacks owner, has unknown 'ower'; it needs exactly: suite, test, owner, reason, expires",
        'ower = "payments"',
        owner=None,
        ower='"payments"',
    ),
    quarantine(
        "quarantine[1]: owner is ' ', expected a text of 1 to 299 characters",
        'owner = " "',
        owner='" "',
    ),
    quarantine(
        "quarantine[1]: test is 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', expected a text of 1 to 299 characters",
        'test = "" (300 characters)',
        test='"' + "x" * 300 + '"',
    ),
    quarantine(
        "quarantine[1]: expires is '2026-12-15', expected a date such as 2026-12-01",
        'expires = "2026-12-15"',
        expires='"2026-12-15"',
    ),
    quarantine(
        "quarantine of 'test_a.py::test_pay' expires on 2026-12-24, in 31 days; at most 30 are allowed",
        "expires = 2026-12-24",
        expires="2026-12-24",
    ),
    quarantine(
        "quarantine of 'test_a.py::test_pay' expired on 2026-11-22; mend the test, or say anew why and until when",
        "expires = 2026-11-22",
        expires="2026-11-22",
    ),
    quarantine(
        "quarantine names suite 'perf', which the file does not have",
        'suite = "perf"',
        suite='"perf"',
    ),
    top("identity = 1", "identity is no table of texts"),
    identity(
        "identity: unknown key 'paths'; known: path, jmespath, header, expect", paths="/version"
    ),
    identity(
        "identity: path is 'version', expected one like /version, without dots", path="version"
    ),
    identity(
        "identity: path is '/../version', expected one like /version, without dots",
        path="/../version",
    ),
    identity("identity: exactly one of jmespath and header must be set", jmespath=""),
    identity("identity: exactly one of jmespath and header must be set", header="x-version"),
    identity(
        "identity: 'x version' is not the name of a header that an answer could have",
        jmespath="",
        header="x version",
    ),
    identity(
        "identity: expect is '1.2.3', the same for every revision: the old one would pass; use a placeholder such as {image_tag}",
        expect="1.2.3",
    ),
    identity(
        "identity: expect asks for {tag}, which is not known; known: {image}, {image_tag}, {image_digest}, {revision}, {task_family}, {task_revision}, {parameter.NAME}",
        expect="{tag}",
    ),
    identity("identity: expect has a lone {; write {{ for the character", expect="{image_tag"),
    identity("identity: a text is longer than 512 characters", jmespath="x" * 513),
    expected(
        "an image without a tag",
        "identity: expect asks for {image_tag}, and the image of container web, 'shop', has none",
        expect="{image_tag}",
        images={"web": "shop"},
    ),
    expected(
        "no such container",
        "identity: expect asks for {image.api}, and the revision has no container 'api' with an image",
        expect="{image.api}",
    ),
    expected(
        "no PARAMETERS",
        "identity: expect asks for {parameter.BUILD}, and hookDetails have no BUILD in PARAMETERS",
        expect="{parameter.BUILD}",
    ),
    expected(
        "no task definition",
        "identity: expect asks for {task_family}, and ECS names no task definition of the revision",
        expect="{task_family}",
    ),
    expected(
        "no revision",
        "identity: expect asks for {revision}, and the revision has no ARN",
        expect="{revision}",
        revision="",
    ),
)
