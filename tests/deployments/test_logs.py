"""`testgate logs` on whole deployments: suites, the hook, green's tasks; and following them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests.deployments.conftest import CHECKOUT_SUITE
from tests.deployments.published import as_published
from tests.deployments.test_wait import WAITING_SUITE
from tests.deployments.wait_stacks import until


def test_what_suites_printed_and_what_the_hook_wrote(lab, testgate):
    lab.publish({"smoke": CHECKOUT_SUITE})
    lab.create("1", lab.hook())
    deployment = lab.update("2", SHOP_FAULT="checkout")
    service = f"{lab.name}/{lab.name}"
    printed = testgate("logs", service)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith("==> suite smoke, shard 1, run 1-0 <==\n")
    assert "500, expected 201" in printed.stdout
    assert testgate("logs", service, "--suite", "nothing").returncode == 7
    hook = testgate("logs", deployment["serviceDeploymentArn"], "--hook")
    assert hook.returncode == 0, hook.stderr
    assert '"testgate": "answer"' in hook.stdout
    for source in ((), ("--hook",)):
        for line in testgate("logs", service, "--json", *source).stdout.splitlines():
            assert as_published("logs", line)["text"]
    both = testgate("logs", service, "--hook", "--green")
    assert (both.returncode, "exclude each other" in both.stderr) == (2, True)
    without = testgate("logs", service, "--green")
    assert without.returncode == 2
    assert "logs by awslogs: look where its logConfiguration sends them" in without.stderr


def test_what_greens_tasks_wrote_while_the_failing_suite_ran(lab, testgate):
    group = f"/shop/{lab.name}"
    logs = lab.local.client("logs")
    logs.create_log_group(logGroupName=group)
    lab.publish({"smoke": CHECKOUT_SUITE})
    lab.ended(lab.site.create(logging_task(lab, group, "1"), lab.hook()))
    lab.ended(lab.site.update(logging_task(lab, group, "2", SHOP_FAULT="checkout")))
    (first, second) = sorted(
        logs.describe_log_streams(logGroupName=group)["logStreams"],
        key=lambda stream: stream["creationTime"],
    )
    told = testgate("logs", f"{lab.name}/{lab.name}", "--green")
    assert told.returncode == 0, told.stderr
    tasks = {line.split()[1] for line in told.stdout.splitlines()}
    assert tasks == {second["logStreamName"].rpartition("/")[2][:12]}
    assert first["logStreamName"] != second["logStreamName"]


def test_without_a_stream_of_greens_its_whole_group_is_read(lab, testgate):
    """What its tasks wrote went to a stream that was there before the deployment."""
    group = f"/shop/{lab.name}"
    logs = lab.local.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="old")
    lab.publish({"smoke": CHECKOUT_SUITE})
    lab.create("1", lab.hook())
    task = logging_task(lab, group, "2", prefix="", SHOP_FAULT="checkout")
    deployment = lab.ended(lab.site.update(task))
    for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
        if stream["logStreamName"] != "old":
            logs.delete_log_stream(logGroupName=group, logStreamName=stream["logStreamName"])
    events = [
        {"timestamp": int(at.timestamp() * 1000), "message": said}
        for said, at in (
            ("long before", deployment["createdAt"] - timedelta(hours=1)),
            ("meanwhile", deployment["createdAt"]),
        )
    ]
    logs.put_log_events(logGroupName=group, logStreamName="old", logEvents=events)
    told = testgate("logs", f"{lab.name}/{lab.name}", "--green")
    assert told.returncode == 0, told.stderr
    assert [line.split(" ", 1)[1] for line in told.stdout.splitlines()] == ["old meanwhile"]


def test_following_ends_with_the_deployment(lab, testgate):
    lab.established()
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    arn = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    until(flag.with_suffix(".started").exists, "the suite")
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(testgate, "logs", arn, "--follow")
        flag.touch()
        told = following.result()
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("==> suite smoke, shard 1, run 1-0 <==") == 1
    assert lab.ended(arn)["status"] == "SUCCESSFUL"


def logging_task(lab, group, version, prefix="web", **environment):
    """A task definition as the lab's, whose container logs by awslogs."""
    client = lab.local.client("ecs")
    plain = client.describe_task_definition(taskDefinition=lab.task(version, **environment))
    (container,) = plain["taskDefinition"]["containerDefinitions"]
    options = {
        "awslogs-group": group,
        "awslogs-region": "us-east-1",
    } | ({"awslogs-stream-prefix": prefix} if prefix else {})
    container["logConfiguration"] = {"logDriver": "awslogs", "options": options}
    made = client.register_task_definition(
        family=lab.name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )
    return made["taskDefinition"]["taskDefinitionArn"]
