"""The AWS CLI, as the walkthrough of AWS's own hooks uses it, and boto3's waiters."""

from tests.clients.conftest import Place, needs_aws_cli

pytestmark = needs_aws_cli


def test_a_service_is_registered_created_forced_watched_and_deleted(place: Place):
    task = place.file("taskdef.json", place.task_definition("one"))
    place.aws("ecs", "register-task-definition", "--cli-input-json", task)
    service = place.file("service.json", place.service())
    created = place.aws_json("ecs", "create-service", "--cli-input-json", service)["service"]
    hooks = created["deploymentConfiguration"]["lifecycleHooks"]
    assert hooks[0]["hookDetails"] == {"ANSWER": "SUCCEEDED"}
    assert hooks[0]["timeoutConfiguration"] == {"timeoutInMinutes": 1440, "action": "ROLLBACK"}
    place.ended(created["currentServiceDeployment"])

    named = ("--cluster", place.name, "--service", place.name)
    updated = place.aws_json("ecs", "update-service", *named, "--force")["service"]
    place.ended(updated["currentServiceDeployment"])
    query = "serviceDeployments[?status==`SUCCESSFUL`].targetServiceRevisionArn"
    revisions = place.aws("ecs", "list-service-deployments", *named, "--query", query)
    assert revisions.stdout.count(f":service-revision/{place.name}/{place.name}/") == 2
    stopped = place.aws("ecs", "delete-service", *named, "--force", "--query", "service.status")
    assert stopped.stdout.strip() == '"DRAINING"'


def test_services_stable_succeeds_although_the_deployment_was_refused(place: Place):
    """So a pipeline that waits for it alone takes a refusal for a success."""
    place.client("ecs").register_task_definition(**place.task_definition("one"))
    created = place.client("ecs").create_service(**place.service())["service"]
    place.ended(created["currentServiceDeployment"])
    place.client("ecs").register_task_definition(**place.task_definition("two"))
    named = ("--cluster", place.name, "--service", place.name)
    refusing = place.file("configuration.json", place.configuration(["FAILED"]))
    updated = place.aws_json(
        *("ecs", "update-service", *named, "--task-definition", place.name),
        *("--deployment-configuration", refusing),
    )["service"]
    refused = place.ended(updated["currentServiceDeployment"])
    assert refused["status"] == "ROLLBACK_SUCCESSFUL"

    waited = place.aws(
        "ecs", "wait", "services-stable", "--cluster", place.name, "--services", place.name
    )
    assert (waited.returncode, waited.stdout, waited.stderr) == (0, "", "")
    listed = place.aws_json("ecs", "list-service-deployments", *named)["serviceDeployments"]
    assert listed[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert listed[0]["statusReason"].endswith("returned FAILED status.")


def test_what_is_refused_exits_with_the_words_of_the_service(place: Place):
    arn = f"arn:aws:ecs:us-east-1:123456789012:service-deployment/{place.name}/x/abcdefg"
    ended = place.aws(
        "ecs", "stop-service-deployment", "--service-deployment-arn", arn, check=False
    )
    assert ended.returncode == 255
    assert "ServiceDeploymentNotFoundException" in ended.stderr
    assert "The service deployment does not exist." in ended.stderr


def test_a_paused_deployment_is_continued(place: Place):
    place.client("ecs").register_task_definition(**place.task_definition("one"))
    service = place.service(())
    pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
    service["deploymentConfiguration"]["lifecycleHooks"] = [pause]
    continued: list[str] = []

    def go_on(transition):
        if not continued and transition.hook and transition.service_arn.endswith(f"/{place.name}"):
            shown = place.aws_json(
                "ecs",
                "describe-service-deployments",
                "--service-deployment-arns",
                transition.deployment_arn,
            )["serviceDeployments"][0]
            (hook,) = shown["lifecycleHookDetails"]
            assert (hook["status"], hook["targetType"]) == ("AWAITING_ACTION", "PAUSE")
            continued.append(hook["hookId"])
            place.aws(
                "ecs",
                "continue-service-deployment",
                "--service-deployment-arn",
                transition.deployment_arn,
                f"--hook-id={hook['hookId']}",
            )

    unsubscribe = place.local.ecs.subscribe(go_on)
    created = place.client("ecs").create_service(**service)["service"]
    deployment = place.ended(created["currentServiceDeployment"])
    unsubscribe()
    assert deployment["status"] == "SUCCESSFUL"
    assert continued[0].startswith("ecs-pause-")


def test_boto3s_waiters_wait(place: Place):
    ecs = place.client("ecs")
    ecs.register_task_definition(**place.task_definition("one"))
    ecs.create_service(**place.service())
    often = {"Delay": 0.05, "MaxAttempts": 1200}
    named = {"cluster": place.name, "services": [place.name]}
    ecs.get_waiter("services_stable").wait(**named, WaiterConfig=often)
    assert ecs.describe_services(**named)["services"][0]["runningCount"] == 1
    tasks = ecs.list_tasks(cluster=place.name, serviceName=place.name)["taskArns"]
    ecs.get_waiter("tasks_running").wait(cluster=place.name, tasks=tasks, WaiterConfig=often)
    ecs.delete_service(cluster=place.name, service=place.name, force=True)
    ecs.get_waiter("services_inactive").wait(**named, WaiterConfig=often)
    ecs.get_waiter("tasks_stopped").wait(cluster=place.name, tasks=tasks, WaiterConfig=often)
