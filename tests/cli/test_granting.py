"""Where no gate runs, who runs it stands for what a suite is given."""

import pytest

from testgate.cli.granting import STAND_IN, own_grants, stand_ins
from testgate.core.errors import InputError
from testgate.core.provisions import parse_secret
from tests.core.samples import suite

ROLE = "arn:aws:iam::111111111111:role/r"
SUITE = suite(secrets={"TOKEN": parse_secret("ssm:/a")})


def test_a_secret_is_the_variable_of_its_name_and_a_role_is_ones_own():
    environ = {"TOKEN": "12345678", "AWS_PROFILE": "me", "OTHER": "x"}
    grants = own_grants([SUITE, suite("rest", role=ROLE), suite("bare")], environ)
    assert grants == {"smoke": {"TOKEN": "12345678"}, "rest": {"AWS_PROFILE": "me"}, "bare": {}}


def test_what_is_missing_is_named_with_what_it_stands_for():
    with pytest.raises(InputError, match="suite 'smoke' needs the secret TOKEN: set the variable"):
        own_grants([SUITE], {})
    with pytest.raises(InputError, match="secret TOKEN of suite 'smoke' has fewer than 4"):
        own_grants([SUITE], {"TOKEN": "abc"})


def test_for_the_proof_a_missing_secret_is_made_up():
    assert stand_ins([SUITE], {}) == {"smoke": {"TOKEN": STAND_IN}}
    assert stand_ins([SUITE], {"TOKEN": "12345678"}) == {"smoke": {"TOKEN": "12345678"}}
