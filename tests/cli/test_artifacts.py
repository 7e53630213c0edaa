"""Files of a gate run, downloaded: no name leads out of the directory."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.cli.artifacts import files_by_name, path_below
from testgate.core.errors import InputError

ROOT = Path("/somewhere/safe")


@pytest.mark.parametrize("name", ["record.json", "evidence/smoke/1/1-0/output.txt", "a b/ü.png"])
def test_a_files_name_is_its_path(name):
    assert str(path_below(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "a/./b",
        "C:\\x",
        "a\\..\\b",
        "a\nb",
        "\0",
        "a/",
    ],
)
def test_a_name_that_leads_out_is_refused(name):
    with pytest.raises(InputError, match="which is no file name below a directory; somebody else"):
        path_below(name)


@given(st.text(st.sampled_from("ab./\\:~\n\0é"), max_size=12))
def test_whatever_the_bucket_holds_stays_below(name):
    try:
        path = path_below(name)
    except InputError:
        return
    assert (ROOT / path).is_relative_to(ROOT)
    assert ".." not in path.parts


def test_only_a_suites_files_can_be_asked_for():
    names = ["record.json", "evidence/smoke/1/1-0/junit.xml", "evidence/smoke-2/1/1-0/junit.xml"]
    assert list(files_by_name(names, "smoke")) == ["evidence/smoke/1/1-0/junit.xml"]
    assert list(files_by_name(names, None)) == names
