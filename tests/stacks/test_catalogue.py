"""Names of stacks, and parameters as the command line gives them."""

from pathlib import Path

import pytest

from testgate.core.errors import InputError
from testgate.local.moto.cloudformation.templates import load_template
from testgate.stacks.catalogue import (
    OWN_PARAMETERS,
    StackKind,
    check_parameters,
    read_parameters,
    stack_name,
    template_path,
)

ROOT = Path(__file__).resolve().parents[2]


def test_the_gates_stack_has_the_plain_name_and_the_others_follow_it():
    assert [stack_name(kind, "acme") for kind in StackKind] == [
        "acme-network",
        "acme-cluster",
        "acme",
    ]


@pytest.mark.parametrize("kind", StackKind)
def test_there_is_a_template_of_every_kind(kind):
    template = load_template(template_path(kind, ROOT).read_text())
    assert template["Resources"]
    assert all(output.get("Description") for output in template["Outputs"].values())


def test_what_deploy_sets_itself_is_what_the_gates_template_cannot_do_without():
    declared = load_template(template_path(StackKind.GATE, ROOT).read_text())["Parameters"]
    assert {name for name, each in declared.items() if "Default" not in each} == OWN_PARAMETERS


def test_parameters_are_keys_and_values_and_a_value_may_hold_anything():
    assert read_parameters(["A=1", "B=x=y", "C="]) == {"A": "1", "B": "x=y", "C": ""}


def test_every_wrong_parameter_is_told_at_once():
    with pytest.raises(InputError) as caught:
        read_parameters(["A", "=1", "B=1", "B=2", "HookBundleKey=x"])
    assert caught.value.problems == (
        "--parameter: got 'A', expected Key=Value",
        "--parameter: got '=1', expected Key=Value",
        "--parameter: B is given twice",
        "--parameter: HookBundleKey is set by deploy itself",
    )


def test_an_unknown_parameter_is_told_with_the_nearest_of_any_of_the_stacks():
    declared = {"one": ["TestPort", "VpcCidr"], "two": ["LogRetentionDays", "ArtifactBucket"]}
    check_parameters({"TestPort": "1", "LogRetentionDays": "3"}, declared)
    with pytest.raises(InputError) as caught:
        check_parameters({"TestPrt": "1", "Zzz": "2"}, declared)
    assert caught.value.problems == (
        "--parameter: one and two take no TestPrt; did you mean TestPort?",
        "--parameter: one and two take no Zzz; there are LogRetentionDays, TestPort, VpcCidr",
    )
