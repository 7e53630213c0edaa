"""Could another rule take a request that is meant for green?"""

import pytest

from testgate.core.routing import Condition, could_take

HOST = "127.1.2.3"


def condition(field, *patterns, name=""):
    return Condition(field=field, patterns=patterns or None, name=name)


@pytest.mark.parametrize(
    ("conditions", "takes"),
    [
        ([], True),
        ([condition("path-pattern", "/cart*")], True),
        ([condition("http-request-method", "POST")], True),
        ([condition("query-string", "*")], True),
        ([condition("source-ip", "10.0.0.0/8")], True),
        ([condition("host-header", "other.example.com")], False),
        ([condition("host-header", "other.example.com", "127.*")], True),
        ([condition("host-header", "127.1.2.?")], True),
        ([condition("host-header")], True),
        ([condition("http-header", "1", name="x-canary")], False),
        ([condition("http-header", "*python*", name="User-Agent")], True),
        ([condition("http-header", name="x-canary")], True),
        ([condition("path-pattern", "/a"), condition("host-header", "other")], False),
    ],
)
def test_a_rule_takes_what_meets_all_its_conditions(conditions, takes):
    assert could_take(conditions, HOST) is takes


def test_hosts_are_compared_whatever_their_case():
    assert could_take([condition("host-header", "Green.Example.com")], "gREEN.example.COM")
