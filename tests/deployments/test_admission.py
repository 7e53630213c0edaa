"""Admission on whole deployments: an image that is refused is never started."""

import json

import requests

from testgate.core.outcomes import Outcome
from testgate.local.ecs import TransitionKind
from tests.deployments.policy import OWN, established, logged

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 1,
            "digest": "sha256:" + "a" * 64,
        },
        "layers": [],
    }
)


def stages(lab):
    return [
        t.stage.value
        for t in lab.transitions
        if t.kind is TransitionKind.STAGE_ENTERED and t.stage and not t.status.rolling_back
    ]


def register(lab, **images):
    """A task definition of several containers; the first is the one that serves."""
    containers = [
        {
            "name": "app" if number == 0 else name,
            "image": image,
            "memory": 64,
            "essential": number == 0,
            "environment": [{"name": "SHOP_VERSION", "value": "2"}],
            "portMappings": [{"containerPort": 8080}] if number == 0 else [],
        }
        for number, (name, image) in enumerate(images.items())
    ]
    answer = lab.local.client("ecs").register_task_definition(
        family=lab.name, containerDefinitions=containers
    )
    return answer["taskDefinition"]["taskDefinitionArn"]


def push(lab, repository, *, scan):
    """Push image 2, once more if it is there; its scan stands as said."""
    ecr, image = lab.local.client("ecr"), {"imageTag": "2"}
    ecr.batch_delete_image(repositoryName=repository, imageIds=[image])
    ecr.put_image(repositoryName=repository, imageManifest=MANIFEST, imageTag="2")
    ecr.start_image_scan(repositoryName=repository, imageId=image)
    result = {
        "registryId": "123456789012",
        "repositoryName": repository,
        "imageId": image,
        "imageScanStatus": {"status": scan},
        "imageScanFindings": {
            "findings": [{"name": "CVE-2026-1", "severity": "CRITICAL"}],
            "findingSeverityCounts": {"CRITICAL": 1},
        },
    }
    requests.post(
        f"{lab.local.url}/moto-api/static/ecr/scan-finding-results",
        json={"results": [result], "region": "us-east-1"},
        timeout=120,
    ).raise_for_status()


def test_an_image_of_ecr_is_admitted_with_what_ecr_says_of_it(lab):
    established(lab)
    ecr = lab.local.client("ecr")
    repository = f"{lab.name}/shop"
    ecr.create_repository(repositoryName=repository)
    ecr.put_image(repositoryName=repository, imageManifest=MANIFEST, imageTag="2")
    ecr.start_image_scan(repositoryName=repository, imageId={"imageTag": "2"})
    task = register(lab, app=f"{ECR}/{repository}:2")
    deployment = lab.ended(lab.site.update(task, lab.stack.admission()))
    assert deployment["status"] == "SUCCESSFUL"
    assert lab.production == "2"
    run = lab.run(deployment)
    assert run.answer
    assert (run.hook, run.outcome) == ("admission", Outcome.PASSED)
    (seen,) = run.answer["evidence"]["containers"]
    assert seen["scan"]["status"] == "COMPLETE"
    assert seen["scan"]["findings"]
    assert "1 of 1 container images allowed (app)" in run.sentence


def test_a_refused_image_is_never_started_and_the_sentence_is_in_every_place(lab):
    established(lab)
    deployment = lab.update("2", lab.stack.admission())
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "because PRE_SCALE_UP lifecycle hook(s) failed" in deployment["statusReason"]
    assert stages(lab) == ["PRE_SCALE_UP"]
    assert lab.production == "1"
    run = lab.run(deployment)
    sentence = (
        "1 of 1 container images refused: container app: image example.com/shop:2 matches "
        "none of ALLOWED_IMAGES (*.dkr.ecr.*.amazonaws.com/**, "
        "public.ecr.aws/aws-containers/**, *.dkr.ecr-fips.*.amazonaws.com/** and 3 more)"
    )
    assert (run.hook, run.outcome, run.sentence) == ("admission", Outcome.FAILED, sentence)
    assert logged(lab, "admission", sentence)
    keys = [key for key in lab.bucket.keys(f"index/{lab.name}/") if ".failed." in key]
    assert len(keys) == 1


def test_a_sidecar_counts_as_much_as_the_container_that_serves(lab):
    established(lab)
    task = register(lab, app="example.com/shop:2", init="busybox:latest")
    details = OWN | {"FORBIDDEN_TAGS": "latest"}
    deployment = lab.ended(lab.site.update(task, lab.stack.admission(details)))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.run(deployment).sentence == (
        "1 of 2 container images refused: container init: image "
        "docker.io/library/busybox:latest matches none of ALLOWED_IMAGES (example.com/shop); "
        "container init: image docker.io/library/busybox:latest has tag latest: forbidden by "
        "FORBIDDEN_TAGS (latest)"
    )


def test_a_pending_scan_holds_the_deployment_and_its_findings_refuse_it(lab):
    established(lab)
    repository = f"{lab.name}/shop"
    lab.local.client("ecr").create_repository(repositoryName=repository)
    push(lab, repository, scan="PENDING")
    lab.once(TransitionKind.HOOK_ANSWERED, lambda _: push(lab, repository, scan="COMPLETE"))
    task = register(lab, app=f"{ECR}/{repository}:2")
    details = {"MAX_SEVERITY": "HIGH"}
    deployment = lab.ended(lab.site.update(task, lab.stack.admission(details)))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert len(lab.hook_calls()) == 2
    assert "has 1 findings above HIGH (MAX_SEVERITY): 1 CRITICAL; first: CVE-2026-1" in (
        lab.run(deployment).sentence
    )


def test_a_rolling_deployment_is_admitted_or_refused_too(lab):
    ecs = lab.local.client("ecs")
    assert lab.site
    ecs.create_service(
        cluster=lab.name,
        serviceName=lab.name,
        taskDefinition=register(lab, app="example.com/shop:1"),
        desiredCount=1,
        deploymentConfiguration={
            "strategy": "ROLLING",
            "lifecycleHooks": [lab.stack.admission(OWN).spell()],
        },
    )
    first = lab.ended(lab.site.newest_deployment())
    assert first["status"] == "SUCCESSFUL"
    assert lab.run(first).outcome is Outcome.PASSED
    ecs.update_service(
        cluster=lab.name,
        service=lab.name,
        taskDefinition=register(lab, app="example.com/other:2"),
    )
    deployment = lab.ended(lab.site.newest_deployment())
    assert deployment["status"].startswith("ROLLBACK_")
    assert "image example.com/other:2 matches none of" in lab.run(deployment).sentence
