"""The command line against the local AWS, as a person or a script would use it."""

import json
from pathlib import Path

import pytest

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.binding import Question
from testgate.core.config import parse_config
from testgate.local.events import EventFaults
from testgate.local.lambdas import Crash, Moment
from tests.deployments.conftest import CHECKOUT_SUITE, ROOT, SUITE
from tests.deployments.published import as_published


@pytest.fixture
def refused(lab):
    lab.publish({"smoke": CHECKOUT_SUITE})
    lab.create("1", lab.hook())
    return lab.update("2", SHOP_FAULT="checkout")


SENTENCE = (
    "1 of 2 tests in suite smoke failed (allowed 0); "
    "first: test_it.py::test_checkout: 500, expected 201"
)


def test_why_says_the_sentence_first_for_a_service_and_for_a_deployment(lab, testgate, refused):
    for target in (f"{lab.name}/{lab.name}", refused["serviceDeploymentArn"]):
        why = testgate("why", target)
        assert why.returncode == 1, why.stderr
        assert why.stdout.splitlines()[0].startswith(f"FAILED  {lab.name}/{lab.name}")
        assert why.stdout.splitlines()[1] == SENTENCE
        assert "test_it.py::test_checkout" in why.stdout
        assert "ECS was told" in why.stdout


def test_why_understands_whatever_a_person_has_in_hand(lab, testgate, refused):
    (execution,) = lab.executions(refused)
    service_arn = refused["serviceArn"]
    for target in (lab.name, service_arn, execution):
        why = testgate("why", target)
        assert (why.returncode, why.stdout.splitlines()[1]) == (1, SENTENCE), why.stderr


def test_why_in_json_is_for_programs(lab, testgate, refused):
    told = as_published("why", testgate("why", f"{lab.name}/{lab.name}", "--json").stdout)
    assert told["outcome"] == "failed"
    assert told["repeat"]["command"].startswith("testgate repeat arn:aws:states:")
    assert told["sentence"] == SENTENCE
    assert told["record"].startswith(f"s3://{lab.stack.record_bucket}/runs/{lab.name}/")


def test_show_shows_every_test_and_both_documents(lab, testgate, refused):
    shown = testgate("show", f"{lab.name}/{lab.name}")
    assert shown.returncode == 1
    assert "test_it.py::test_health" in shown.stdout
    assert "To repeat it" not in shown.stdout
    assert "Newly failing (1)\n  smoke  test_it.py::test_checkout" in shown.stdout
    assert "state Prepare" in shown.stdout
    both = as_published("show", testgate("show", f"{lab.name}/{lab.name}", "--json").stdout)
    failing = [each["test"] for each in both["since"]["newly_failing"]]
    assert failing == ["test_it.py::test_checkout"]
    kinds = {(span["kind"], span["name"]) for span in both["timeline"]}
    assert ("wave", "1: smoke") in kinds
    assert not {name for _, name in kinds} & {"TakeWave", "MoreWaves"}
    assert kinds >= {("state", "Prepare"), ("suite", "smoke"), ("shard", "smoke/1/1-0")}
    assert both["links"]["execution"].startswith("https://us-east-1.console.aws.amazon.com/")
    assert both["record"]["sentence"] == both["answer"]["sentence"] == SENTENCE


def test_what_cannot_be_read_is_told_beside_what_can(lab, testgate, refused):
    place, service = lab.run(refused).place, f"{lab.name}/{lab.name}"
    whole = lab.bucket.get_json(place.record)
    lab.bucket.put(place.record, b'{"outcome": "fai', "application/json")
    cut = testgate("why", service)
    assert (cut.returncode, cut.stdout.splitlines()[1]) == (1, SENTENCE)
    assert f"note: {place.record} is no whole JSON object (16 bytes)" in cut.stderr
    newer = json.dumps(whole | {"schema": "testgate.record/2", "suites": 7}).encode()
    lab.bucket.put(place.record, newer, "application/json")
    for command in ("why", "show", "report"):
        told = testgate(command, service)
        assert told.returncode == 1, told.stderr
        assert SENTENCE in told.stdout.replace("\\", "")  # Markdown escapes it
        assert "is of testgate.record/2, newer than the testgate.record/1" in told.stderr
    for key in list(lab.bucket.keys(place.prefix)):
        lab.local.client("s3").delete_object(Bucket=lab.bucket.name, Key=key)
    gone = testgate("why", service)
    assert gone.returncode == 1
    assert "its index entry is all that can be read of it" in gone.stdout
    as_published("show", testgate("show", service, "--json").stdout)


def test_why_on_a_pass_exits_zero(lab, testgate):
    lab.publish({"smoke": SUITE})
    lab.create("1", lab.hook())
    why = testgate("why", f"{lab.name}/{lab.name}", "--bucket", lab.stack.record_bucket)
    assert (why.returncode, why.stdout.splitlines()[1]) == (0, "1 of 1 tests passed (smoke)")


@pytest.mark.denied("lambda:InvokeFunction")
def test_why_tells_what_ecs_says_when_no_gate_run_is_recorded(lab, testgate):
    lab.publish({"smoke": CHECKOUT_SUITE})
    hook = lab.stack.hook({"GATE": lab.name})
    broken = type(hook)(
        function_arn=hook.function_arn, role_arn=lab.site.role_arn, details=hook.details
    )
    deployment = lab.create("1", broken)
    why = testgate("why", deployment["serviceDeploymentArn"])
    assert why.returncode == 7
    assert "is not authorized to perform: lambda:InvokeFunction" in why.stderr
    lines = why.stderr.splitlines()
    assert lines[1].startswith("what happened: ECS was not allowed to invoke ")
    assert "HookInvokeRoleArn" in why.stderr
    told = as_published("why", testgate("why", deployment["serviceDeploymentArn"], "--json").stdout)
    assert told["outcome"] is None
    assert told["ecs"]["status"] == "ROLLBACK_FAILED"
    assert [each["kind"] for each in told["ecs"]["explanations"]] == [
        "not_allowed_to_invoke",
        "no_rollback_candidate",
    ]


def test_why_adds_ecs_to_a_gate_run_that_something_else_ended(lab, testgate):
    """The hook crashed after it had started the gate run: its record only knows that nobody waits
    for it any more."""
    lab.established()
    lab.local.lambdas.inject(lab.stack.function("test-gate"), Crash(when=Moment.AFTER_HANDLER))
    deployment = lab.update("2")
    lab.recorded(deployment)
    why = testgate("why", deployment["serviceDeploymentArn"])
    assert why.returncode == 6
    assert why.stdout.splitlines()[0].startswith("ABORTED")
    assert "and ECS could not read its answer" in why.stdout


def test_open_shows_the_stored_page_and_report_writes_other_forms(lab, testgate, refused, tmp_path):
    place, service = lab.run(refused).place, f"{lab.name}/{lab.name}"
    seen, page = tmp_path / "seen", tmp_path / "pages" / "report.html"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}\n')
    browser.chmod(0o755)
    opened = testgate("open", service, "--output", str(page), BROWSER=f"{browser} %s")
    assert (opened.returncode, opened.stdout) == (1, f"{page.as_uri()}\n"), opened.stderr
    assert seen.read_text() == page.as_uri()
    assert page.read_bytes() == lab.bucket.get(place.page)
    assert SENTENCE in page.read_text()

    printed = testgate("open", refused["serviceDeploymentArn"], "--print", BROWSER="false")
    temporary = Path(printed.stdout.strip().removeprefix("file://"))
    assert temporary.read_bytes() == page.read_bytes()
    temporary.unlink()

    target = tmp_path / "testgate.xml"
    written = testgate("report", service, "--format", "junit", "-o", str(target))
    assert (written.returncode, written.stdout) == (1, ""), written.stderr
    assert target.read_bytes() == lab.bucket.get(place.junit)
    assert testgate("report", service).stdout.encode() == lab.bucket.get(place.report)


def test_a_refusal_without_a_record_has_a_report_from_the_hooks_answer(lab, testgate):
    """A hook that refuses its own configuration starts no gate run."""
    lab.established()
    deployment = lab.update("2", lab.hook(TIMEOUT="5"))
    done = testgate("report", deployment["serviceDeploymentArn"], "--format", "junit")
    assert done.returncode == 4
    assert 'type="infra_error"' in done.stdout
    assert "TIMEOUT" in done.stdout


def test_why_tells_how_an_execution_ended_that_nobody_recorded(lab, testgate):
    """A gate run started by hand: no hook ever answers for it, and its end's event is lost."""
    lab.established()
    deployment = lab.site.deployment(lab.site.newest_deployment())
    question = Question(
        deployment=parse_service_deployment_arn(deployment["serviceDeploymentArn"]),
        revision=deployment["targetServiceRevision"]["arn"],
        stage="POST_TEST_TRAFFIC_SHIFT",
        config=parse_config({"GATE": lab.name, "TIMEOUT_SECONDS": 77}),
    )
    lab.local.events.faults = EventFaults(copies=0)
    client = lab.local.client("stepfunctions")
    arn = client.start_execution(
        stateMachineArn=lab.stack.state_machine_arn,
        name=question.execution_name,
        input=question.input_json,
    )["executionArn"]
    client.stop_execution(executionArn=arn, error="Mine", cause="enough of this")
    lab.local.events.faults = EventFaults()
    left = [f"runs/{lab.name}/", f"index/{lab.name}/"]
    for key in [key for prefix in left for key in lab.bucket.keys(prefix)]:
        lab.bucket._client.delete_object(Bucket=lab.bucket.name, Key=key)
    why = testgate("why", deployment["serviceDeploymentArn"])
    assert why.returncode == 7
    assert f"its execution {arn} is ABORTED: Mine: enough of this" in why.stderr
    assert "its deployment is SUCCESSFUL" in why.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("why", "nobody/knows"), 7, "no ended gate run of nobody/knows is recorded"),
        (("why", "not a target"), 2, "'not a target' names no gate run: expected cluster/service"),
        (("why", "arn:aws:s3:::x"), 2, "names no gate run: expected cluster/service"),
        (
            ("why", "nobody"),
            2,
            "'nobody' is neither a service with a recorded gate run nor a stack",
        ),
        (("list", "a/b/c"), 2, "expected cluster, or cluster/service"),
        (("list", "--since", "yesterday"), 2, "--since: got 'yesterday', expected a time ago"),
        (("why", "a/b", "--stack", "missing"), 2, "cannot read stack 'missing'"),
        (("why", "a/b", "--profile", "missing"), 2, "cannot use this profile"),
        (("why", "a/b", "--endpoint-url", "http://127.0.0.1:9"), 2, "AWS cannot be reached"),
        (("publish", "missing.toml"), 2, "cannot read the gate file missing.toml"),
        (("open", "nobody/knows"), 7, "no ended gate run of nobody/knows is recorded"),
        (("report", "nobody/knows"), 7, "ECS knows no such deployment"),
        (("report", "a/b", "--format", "pdf"), 2, "'pdf' is not one of"),
    ],
)
def test_errors_say_what_was_got_and_exit_by_kind(testgate, arguments, code, says):
    ended = testgate(*arguments)
    assert ended.returncode == code
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_publish_prints_the_hook_details_that_gate_a_deployment(lab, testgate):
    gate_file = str(ROOT / "test_suites" / "testgate.toml")
    published = json.loads(testgate("publish", gate_file, "--json").stdout)
    assert published["gate"] == "shop"
    details = published["hookDetails"]
    assert details["GATE"].startswith("shop@sha256:")
    deployment = lab.create("1", lab.stack.hook(details))
    assert deployment["status"] == "SUCCESSFUL"
    assert lab.run(deployment).sentence == "14 of 14 tests passed (smoke)"


def test_publishing_twice_gives_the_same_digest(testgate):
    gate_file = str(ROOT / "test_suites" / "testgate.toml")
    first, second = (testgate("publish", gate_file, "--json").stdout for _ in range(2))
    assert first == second
