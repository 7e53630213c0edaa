"""`why` and `show` explain the hooks that have no execution, also while they wait."""

import json

from testgate.local.ecs import TransitionKind
from tests.deployments.policy import OWN, established, revision_id, target_of, upload


def test_why_and_show_explain_a_refused_image(lab, testgate):
    established(lab)
    deployment = lab.update("2", lab.stack.admission())
    why = testgate("why", deployment["serviceDeploymentArn"])
    assert why.returncode == 1, why.stderr
    lines = why.stdout.splitlines()
    assert lines[0].startswith(f"FAILED  {lab.name}/{lab.name}")
    assert lines[1].startswith("1 of 1 container images refused: container app")
    assert "admission at PRE_SCALE_UP" in why.stdout
    show = testgate("show", f"{lab.name}/{lab.name}")
    assert "Containers" in show.stdout
    assert "example.com/shop:2" in show.stdout
    told = json.loads(testgate("why", f"{lab.name}/{lab.name}", "--json").stdout)
    assert (told["hook"], told["outcome"]) == ("admission", "failed")


def test_why_says_what_a_deployment_waits_for_and_then_what_it_got(lab, testgate):
    established(lab)
    said, going = [], []

    def why_now(transition):
        return testgate("why", transition.deployment_arn)

    def ask(transition):
        if transition.stage.value == "PRE_SCALE_UP":
            lab.once(TransitionKind.STAGE_ENTERED, lambda t: going.append(why_now(t)))
            lab.once(TransitionKind.HOOK_ANSWERED, ask)
            return
        service = f"{lab.name}/{lab.name}"
        said.append(testgate("why", service))
        said.append(testgate("why", transition.deployment_arn, "--json"))
        upload(lab, f"{target_of(lab, transition)}.txt", by="ann")

    lab.once(TransitionKind.HOOK_ANSWERED, ask)
    deployment = lab.update("2", lab.stack.admission(OWN), lab.stack.approval())
    assert deployment["status"] == "SUCCESSFUL"
    assert going[0].returncode == 7
    assert "so far no hook has refused; its deployment is IN_PROGRESS at" in going[0].stdout
    waiting, as_json = said
    assert waiting.returncode == 7
    assert waiting.stdout.startswith(f"WAITING  {lab.name}/{lab.name}")
    command = f"aws s3 cp - s3://{lab.stack.approval_bucket}/{revision_id(deployment)}.txt"
    assert command in waiting.stdout
    assert "1 of 1 container images allowed" in waiting.stdout
    told = json.loads(as_json.stdout)
    assert told["outcome"] is None
    assert told["waiting"][0]["hook"] == "approval"
    assert [each["hook"] for each in told["ended"]] == ["admission"]
    show = testgate("show", deployment["serviceDeploymentArn"])
    assert show.returncode == 0
    assert "by=ann" in show.stdout
