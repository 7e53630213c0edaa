"""The report page of whole deployments: compared with the gate run before, opened with images."""

import re
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from testgate.core.outcomes import Outcome
from tests.deployments.conftest import CHECKOUT_SUITE
from tests.pages.pictures import png
from tests.report.page import read_page

DRAWS = (
    CHECKOUT_SUITE
    + """
def test_draws(base_url):
    import os, pathlib
    shots = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"], "shots")
    shots.mkdir()
    (shots / "test_draws #1.png").write_bytes(PNG)
    (shots / "page.html").write_bytes(b"<script>alert(1)</script>")
    assert requests.get(base_url + "/health").status_code == 500
"""
)


def test_the_record_tells_new_failures_from_known_and_fixed_ones(lab):
    lab.publish({"smoke": CHECKOUT_SUITE})
    assert lab.create("1", lab.hook())["status"] == "SUCCESSFUL"
    wanted: tuple[tuple[str, dict[str, str], str], ...] = (
        ("2", {"SHOP_FAULT": "checkout"}, "newly_failing"),
        ("3", {"SHOP_FAULT": "checkout"}, "still_failing"),
        ("4", {}, "fixed"),
    )
    before = Outcome.PASSED
    for version, environment, key in wanted:
        run = lab.recorded(lab.update(version, **environment))
        changes = run.record["changes"]
        assert changes["before"]["outcome"] == before.value
        assert {name: count for name, count in changes["counts"].items() if count} == {key: 1}
        assert changes[key][0]["test"] == "test_it.py::test_checkout"
        assert [each["shard"] for each in run.record["suites"][0]["runs"]] == [1]
        before = run.outcome
    page = lab.bucket.get(run.place.page).decode()
    assert "1 fixed" in page


def test_the_pages_own_command_pasted_fails_in_the_same_way(lab, testgate):
    lab.established()
    lab.publish({"smoke": CHECKOUT_SUITE})
    run = lab.recorded(lab.update("2", lab.hook(), SHOP_FAULT="checkout"))
    page = read_page(lab.bucket.get(run.place.page).decode())
    commands = [pre.text for pre in page.one("section", id="repeat").all("pre")]
    (command,) = [
        text
        for text in commands
        if text.startswith("testgate repeat") and "--url" not in text and "--whole" not in text
    ]
    done = testgate(*shlex.split(command)[1:], "--images", "tests/deployments/images/images.toml")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "test_it.py::test_checkout: 500, expected 201" in done.stdout


@pytest.mark.parametrize("named", [True, False])
def test_open_fetches_the_images_that_the_page_shows(named, lab, testgate, tmp_path):
    lab.established()
    suite = f"PNG = {png(1, 1)!r}\n{DRAWS}"
    lab.publish({"smoke": suite}, extra='artifacts = ["shots/*"]\n')
    deployment = lab.update("2", lab.hook())
    options = ("--output", str(tmp_path / "made" / "page.html")) if named else ()
    told = testgate("open", deployment["serviceDeploymentArn"], "--print", *options)
    assert told.returncode == 1, told.stderr
    page = Path(unquote(urlsplit(told.stdout.strip()).path))
    (source,) = re.findall(r'<img src="([^"]+)"', page.read_text())
    assert (page.parent / unquote(source)).read_bytes() == png(1, 1)
    fetched = [path.name for path in (page.parent / "evidence").rglob("*") if path.is_file()]
    assert fetched == ["test_draws #1.png"]
