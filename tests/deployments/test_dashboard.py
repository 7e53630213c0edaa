"""The dashboard beside whole deployments: what runs is shown as it runs, and then the verdict."""

from tests.deployments.conftest import SUITE
from tests.deployments.dashboards import serving, states_of
from tests.deployments.test_green_says import ASKS, states
from tests.deployments.test_wait import WAITING_SUITE
from tests.deployments.wait_stacks import until

FAILS = "def test_checkout():\n    assert 500 == 201, '500, expected 201'\n"
FAILED = "test_it.py::test_checkout"
TASKS = ("Prepare", "AskBefore", "CheckWave", "RunWave", "AskAfter", "Judge")


def entered(lab, deployment):
    """The states of the execution's own history that are shown, in their order."""
    return [name for name in states(lab, deployment) if name in TASKS]


def shown(page):
    """The same, as the live page of an ended gate run tells them."""
    ran = [name.split()[0] for name, step in states_of(page).items() if step != "skipped"]
    return [name.replace("Wave", "RunWave") if name == "Wave" else name for name in ran]


def test_a_gate_run_is_shown_while_it_is_held_and_its_verdict_when_it_falls(lab):
    lab.established()
    lab.publish_waves(SUITE, FAILS + WAITING_SUITE, gate=ASKS)
    flag = lab.directory / "go-on"
    with serving(lab) as dashboard:
        arn = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
        live = until(dashboard.live, "a gate run that runs")
        until(flag.with_suffix(".started").exists, "the suite")
        page = until(lambda: _with(dashboard.page(live), FAILED), "the failed test")
        assert states_of(page) == {
            "Prepare": "done",
            "AskBefore": "done",
            "Wave 1": "done",
            "CheckWave 2": "done",
            "Wave 2": "running",
            "AskAfter": "due",
            "Judge": "due",
        }
        for words in (f"{lab.name}/{lab.name}", "wave-1", "wave-2", "test_it.py::test_health"):
            assert words in page
        assert "2 of 3 tests, 1 failed, running" in page
        assert "Wave 2 runs; 1 test has failed so far" in page
        flag.touch()
        deployment = lab.ended(arn)
        page = until(lambda: _with(dashboard.page(live), 'data-over="yes"'), "the verdict")
        run = lab.run(deployment)
        assert run.sentence in page
        assert states_of(page)["Judge"] == "refused"
        assert shown(page) == entered(lab, deployment)
        result = next(link for link in dashboard.links(live) if link.startswith("/run/"))
        assert FAILED in dashboard.page(result)
        assert dashboard.live() == ""


def test_states_that_were_left_out_are_not_said_to_have_run(lab):
    lab.established()
    lab.publish_waves(FAILS + SUITE, SUITE)
    with serving(lab) as dashboard:
        deployment = lab.update("2", lab.hook())
        (folder,) = (
            prefix.split("/")[1]
            for prefix in lab.bucket.folders("states/")
            if lab.run(deployment).place.run_name in prefix
        )
        page = dashboard.page(f"/live/{folder}")
    assert shown(page) == entered(lab, deployment) == ["Prepare", "RunWave", "CheckWave", "Judge"]
    assert states_of(page)["Wave 2"] == "skipped"


def _with(page, words):
    return page if words in page else ""
