"""What holds for every text and document before it is stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.redaction import MARK
from testgate.core.storing import MAX_SENTENCE_CHARS, cap_sentence, plain, redacted, to_json_bytes

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
# Forms of redaction.py with a value that must be gone, {} where it stands.
FORMS = st.sampled_from(
    [
        "password={}",
        "Password: '{}'",
        '{{"db_password": "{}"}}',
        "aws_secret_access_key = {}",
        "https://user:{}@db.example.com/x",
        "Authorization: Bearer {}",
        "x-api-key: {}",
        "session_token={}&more",
    ]
)
VALUES = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789+/=._~-", min_size=12, max_size=80)
AROUND = st.text(max_size=30).filter(lambda text: "password" not in text)


@st.composite
def told(draw):
    """A text with a credential in it, and the credential."""
    value = "v9" + draw(VALUES)
    return draw(AROUND) + " " + draw(FORMS).format(value) + " " + draw(AROUND), value


@given(told())
def test_no_sentence_holds_a_credential(told):
    text, value = told
    assert value not in cap_sentence(text)


@given(told(), st.integers(0, 2 * MAX_SENTENCE_CHARS))
def test_no_cut_uncovers_one(told, length):
    text, value = told
    sentence = cap_sentence("x" * length + " " + text)
    assert value not in sentence
    assert len(sentence) <= MAX_SENTENCE_CHARS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | told().map(lambda t: t[0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(JSON, told(), st.sampled_from(["note", "a", ""]))
def test_no_document_holds_a_credential_and_its_shape_stays(document, told, key):
    text, value = told
    stored = redacted({"document": document, key: [text, {key: text}]})
    assert value not in json.dumps(stored)
    assert isinstance(stored, dict)
    assert set(stored) == {"document", key}
    assert redacted(stored) == stored


@pytest.mark.parametrize("key", ["DB_PASSWORD", "apiKey", "api-key", "GITHUB_TOKEN", "secret"])
def test_a_value_whose_key_says_that_it_is_secret_goes_whole(key):
    assert redacted({"PARAMETERS": {key: "correct horse battery"}}) == {"PARAMETERS": {key: MARK}}


def test_what_is_no_credential_stays():
    config = {"GATE": "shop", "TIMEOUT_SECONDS": 600, "PARAMETERS": {"REGION": "eu", "TOKENS": "3"}}
    assert redacted(config) == config


def test_a_sentence_is_one_line_without_controls():
    said = "a\n b\x1b[31m c\x1b[0m \u202ed\x9be\x00 \ud800"
    assert cap_sentence(said) == "a b c de ?"


@given(st.text())
def test_what_is_plain_stays_plain_and_can_be_encoded(text):
    assert plain(plain(text)) == plain(text)
    assert plain(text).encode().decode() == plain(text)
    assert set(plain(text)) - set(text) <= {"?"}


def test_half_a_character_can_be_stored():
    assert to_json_bytes({"a": "\ud800"}) == b'{\n "a": "\\ud800"\n}'


def test_no_number_that_json_does_not_have_is_stored():
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json_bytes(float("nan"))


def test_keys_of_aws_are_known_by_their_form():
    assert redacted([KEY, {"a": KEY}]) == [MARK, {"a": MARK}]
