"""What looks like a credential is not stored; what does not, stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.redaction import MARK, redact, redact_bytes

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"  # in two parts, so that no scanner takes it for one
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE " + "KEY-----"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (f"key {KEY} used", f"key {MARK} used"),
        (f"token={JWT}", f"token={MARK}"),
        (PEM, MARK),
        ("Authorization: Bearer abcdef123456", f"Authorization: Bearer {MARK}"),
        ("authorization: basic dXNlcjpwYXNz", f"authorization: basic {MARK}"),
        ("postgres://shop:hunter2@db/x", f"postgres://shop:{MARK}@db/x"),
        ("password=hunter22", f"password={MARK}"),
        ("token: hunter22", f"token: {MARK}"),
        ('"password": "hunter22"', f'"password": "{MARK}"'),
        ("aws_secret_access_key = wJalrXUtnFEMI", f"aws_secret_access_key = {MARK}"),
        ("DB_PASSWORD: hunter22, next", f"DB_PASSWORD: {MARK}, next"),
        ("&quot;api_key&quot;: &quot;abcd1234&quot;", f"&quot;api_key&quot;: &quot;{MARK}&quot;"),
    ],
)
def test_credentials_are_taken_out(text, stored):
    assert redact(text) == stored
    assert redact_bytes(text.encode()) == stored.encode()


@pytest.mark.parametrize(
    "text",
    [
        "500, expected 201",
        "GET http://127.1.2.3:9001/cart/188607cc9efe465db59183ec5",
        "the password was wrong",
        "tokens: 5000 used",
        "test_secret_is_hidden passed",
        "basic tests",
        "sha256:" + "a" * 64,
        "arn:aws:ecs:us-east-1:123456789012:service/shop/web",
    ],
)
def test_other_text_stays(text):
    assert redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)


@given(st.binary())
def test_bytes_that_are_no_text_survive(data):
    redact_bytes(data)


@pytest.mark.parametrize(
    "piece",
    ["password=", "://a:", "eyJ" + "a" * 20 + ".", "-----BEGIN RSA PRIVATE KEY-----", "bearer "],
)
def test_nothing_a_test_prints_makes_it_slow(piece):
    """Five megabytes of each beginning: quadratic patterns would take minutes."""
    text = piece * (2_000_000 // len(piece))
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 20
