"""What suites leave for people, by `testgate run --output`."""

from tests.cli.test_run import BAD, gate, url  # noqa: F401 - fixtures

PICTURE = b"\x89PNG of test_bad"
LEAVES = (
    BAD
    + f"""
import pathlib
def test_leaves():
    shots = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"]) / "shots"
    shots.mkdir()
    (shots / "test_bad.png").write_bytes({PICTURE!r})
    (shots / "other.txt").write_text("nobody asked for it")
"""
)


def test_artifacts_lie_where_the_report_page_shows_them(gate, url):  # noqa: F811
    gate.suite("smoke", LEAVES, artifacts=["shots/*.png"]).run("--url", url, "-o", "out")
    kept = [path for path in (gate.directory / "out/evidence").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [PICTURE]
    page = (gate.directory / "out/report.html").read_text()
    assert f'<img src="{kept[0].relative_to(gate.directory / "out")}"' in page
    assert "testgate artifacts" not in page  # there is nothing to fetch
    for of_deployments in ("testgate show", 'id="links"', "MODE observe", "<strong>/"):
        assert of_deployments not in page
    assert f"<title>FAILED · {url} · Testgate</title>" in page


def test_without_an_output_directory_none_are_named(gate, url):  # noqa: F811
    gate.suite("smoke", LEAVES, artifacts=["shots/*.png"])
    assert gate.record("--url", url, code=1)["suites"][0]["artifacts"] == []


def test_one_that_cannot_be_stored_costs_no_verdict(gate, url):  # noqa: F811
    (gate.directory / "out").mkdir()
    (gate.directory / "out" / "evidence").write_text("in the way")
    gate.suite("smoke", LEAVES, artifacts=["shots/*.png"])
    (kept,) = gate.record("--url", url, "-o", "out", code=1)["suites"][0]["artifacts"]
    assert kept["left_out"] == "it could not be stored: Not a directory"
