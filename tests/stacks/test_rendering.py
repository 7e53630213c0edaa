"""Templates of documents, filled."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.errors import InputError
from testgate.stacks.rendering import placeholders, render

TEMPLATE = """{
  "cluster": "${cluster.ClusterName}",
  "port": ${network.ContainerPort},
  "cost": "$$5 in ${region}"
}
"""
VALUES = {"cluster.ClusterName": "shop", "network.ContainerPort": "8080", "region": "eu-west-1"}


def test_placeholders_are_filled_inside_text_and_as_numbers():
    assert placeholders(TEMPLATE) == ["cluster.ClusterName", "network.ContainerPort", "region"]
    assert json.loads(render(TEMPLATE, VALUES)) == {
        "cluster": "shop",
        "port": 8080,
        "cost": "$5 in eu-west-1",
    }


def test_every_unknown_placeholder_is_told_with_its_line_and_the_nearest():
    with pytest.raises(InputError) as caught:
        render(TEMPLATE, {"cluster.ClustrName": "shop", "region": "eu-west-1"})
    assert caught.value.problems == (
        "line 2: there is no cluster.ClusterName; did you mean cluster.ClustrName?",
        "line 3: there is no network.ContainerPort",
    )


@pytest.mark.parametrize("text", ['{"a":\n "costs 5 $"}', '{"a":\n "${}"}', '{"a":\n "${a b}"}'])
def test_a_lone_dollar_is_told_with_its_line(text):
    with pytest.raises(InputError, match=r"^line 2: a \$ without a placeholder"):
        placeholders(text)


def test_what_is_no_json_once_it_is_filled_is_refused():
    with pytest.raises(InputError, match=r"not JSON once it is filled: .*line 1"):
        render('{"port": ${network.ContainerPort}}', {"network.ContainerPort": "eighty"})


@given(st.text())
def test_no_value_can_break_out_of_its_text(value):
    assert json.loads(render('["${a}"]', {"a": value})) == [value]
