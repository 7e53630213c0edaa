"""Images that nobody mapped: a process answers in their place and says what it stands in for."""

from typing import Any

import pytest
import requests

from testgate.local.ecs.containers import shown
from testgate.local.ecs.images import ImageMap
from tests.local.ecs.conftest import Place, World

IMAGE = "public.ecr.aws/aws-containers/retail-store-sample-ui:1.1.0"
REPOSITORY = IMAGE.rpartition(":")[0]


def stood_in(place: Place, **environment: str) -> dict[str, Any]:
    """What production answers once the unmapped image is deployed."""
    definition = place.task_definition("1", image=IMAGE, **environment)
    deployment = place.ended(place.create("1", taskDefinition=definition))
    assert deployment["status"] == "SUCCESSFUL", deployment
    return dict(requests.get(f"{place.site.production_url}/any/path?q=1", timeout=60).json())


def test_any_image_can_be_deployed_and_shows_what_it_is(place: Place):
    answer = stood_in(place, COLOUR="green")
    assert (answer["image"], answer["repository"], answer["tag"]) == (IMAGE, REPOSITORY, "1.1.0")
    assert answer["container"] == "app"
    assert answer["environment"] == {"VERSION": "1", "COLOUR": "green"}
    assert answer["taskDefinition"] == place.service()["taskDefinition"]
    assert answer["processId"] > 0


def test_service_events_and_log_say_that_it_is_a_stand_in(world: World, place: Place):
    note = stood_in(place)["standIn"]
    assert note.startswith(f"No local process is mapped to image {IMAGE}: a stand-in answers")
    assert f'[images."{REPOSITORY}"] in ' in note
    messages = [event["message"] for event in place.service()["events"]]
    assert f"(service {place.site.name}) local ECS: {note}" in messages
    tasks = place.ecs.list_tasks(cluster=place.site.cluster, serviceName=place.site.name)
    (lines,) = world.ecs.task_output(tasks["taskArns"][0]).values()
    assert lines[0].startswith(note)


def test_any_method_is_answered(place: Place):
    stood_in(place)
    url = place.site.production_url
    posted = requests.post(url, json={"a": 1}, timeout=60)
    assert (posted.status_code, posted.json()["image"]) == (200, IMAGE)
    assert requests.head(url, timeout=60).content == b""


def test_what_looks_like_a_credential_is_not_shown(place: Place):
    environment = {
        "DB_PASSWORD": "two words",
        "API_TOKEN": "t0ps3cret",
        "DATABASE_URL": "postgres://shop:hunter22@db/shop",
        "MODE": "plain",
    }
    answer = stood_in(place, **environment)
    assert answer["environment"] == {
        "VERSION": "1",
        "DB_PASSWORD": "[redacted]",
        "API_TOKEN": "[redacted]",
        "DATABASE_URL": "postgres://shop:[redacted]@db/shop",
        "MODE": "plain",
    }


def test_secrets_and_digests_need_nothing_resolved(tmp_path):
    definition = {
        "name": "app",
        "image": "shop@sha256:00",
        "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:…"}],
    }
    document = shown(definition, ImageMap(source=tmp_path / "images.toml"), "arn:definition")
    assert (document["tag"], document["digest"]) == (None, "sha256:00")
    assert document["environment"] == {"KEY": "[redacted]"}


@pytest.mark.parametrize("essential", [True, False])
def test_a_sidecar_without_ports_runs_beside_a_mapped_container(place: Place, essential: bool):
    containers: list[dict[str, Any]] = [
        {
            "name": "app",
            "image": "shop:1",
            "memory": 64,
            "portMappings": [{"containerPort": 8080}],
            "environment": [{"name": "VERSION", "value": "blue"}],
        },
        {"name": "collector", "image": "otel:1", "memory": 64, "essential": essential},
    ]
    definition = place.ecs.register_task_definition(
        family=place.site.name, containerDefinitions=containers
    )["taskDefinition"]["taskDefinitionArn"]
    place.created("blue", taskDefinition=definition)
    assert place.production() == "blue"
    tasks = place.ecs.list_tasks(cluster=place.site.cluster, serviceName=place.site.name)
    (task,) = place.ecs.describe_tasks(cluster=place.site.cluster, tasks=tasks["taskArns"])["tasks"]
    assert [container["lastStatus"] for container in task["containers"]] == ["RUNNING", "RUNNING"]
