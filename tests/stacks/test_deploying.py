"""Stacks through the local CloudFormation: made, changed, refused, kept, deleted."""

import itertools
import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from testgate.core.errors import GateError
from testgate.local.server import MotoServer
from testgate.stacks.artifacts import Artifact, ArtifactBucket, read_manifest, template_artifact
from testgate.stacks.deploying import Stacks
from tests.local.moto.test_cloudformation import BAD_MACHINE

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[MotoServer]:
    running = MotoServer()
    running.start()
    running.reset()
    yield running
    running.close()


def never(seconds: float) -> None:
    raise AssertionError(f"the local CloudFormation is done at once; asked to wait {seconds} s")


class Place:
    """A stack's name of its own, and templates stored for it."""

    def __init__(self, server, directory):
        self.client = server.client
        self.directory = directory
        self.name = f"acme-{next(_numbers)}"
        self.stacks = Stacks(server.client, never)
        self.bucket = ArtifactBucket(server.client)
        self.bucket.ensure()
        self.events = []

    def template(self, document):
        path = self.directory / "template.json"
        path.write_text(json.dumps(document))
        artifact = template_artifact(path)
        list(self.bucket.upload(artifact))
        return self.stacks.template({"TemplateURL": self.bucket.url(artifact)})

    def prepare(self, document, **wanted):
        number = next(_numbers)
        return self.stacks.prepare(self.name, self.template(document), wanted, f"c{number}")

    def apply(self, change_set):
        return self.stacks.apply(change_set, self.events.append)


@pytest.fixture
def place(server, tmp_path):
    return Place(server, tmp_path)


def template(path, queue="one", **more):
    """A parameter of SSM with a value that is told, and a bucket that outlives the stack."""
    return {
        "Parameters": {"Value": {"Type": "String", "Default": "a"}},
        "Resources": {
            "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{path}-{queue}"}},
            "Told": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Name": f"/{path}", "Value": {"Ref": "Value"}},
            },
            **more,
        },
        "Outputs": {"Queue": {"Value": {"Ref": "Queue"}, "Description": "the queue"}},
    }


def spell(change_set):
    return {(change.action, change.logical_id) for change in change_set.changes}


def test_a_stack_is_shown_before_it_is_made_and_told_while_it_is(place):
    change_set = place.prepare(template(place.name))
    assert change_set.creates
    assert spell(change_set) == {("Add", "Kept"), ("Add", "Queue"), ("Add", "Told")}
    made = place.apply(change_set)
    assert made.status == "CREATE_COMPLETE"
    assert made.outputs["Queue"].endswith(f"{place.name}-one")
    assert made.descriptions["Queue"] == "the queue"
    done = [each.logical_id for each in place.events if each.status == "CREATE_COMPLETE"]
    assert done[-1] == place.name
    assert set(done) == {"Kept", "Queue", "Told", place.name}
    assert len({each.id for each in place.events}) == len(place.events)


def test_what_is_dropped_leaves_nothing_behind(place):
    change_set = place.prepare(template(place.name))
    place.stacks.drop(change_set)
    assert place.stacks.find(place.name) is None


def test_a_second_time_there_is_nothing_to_change(place):
    place.apply(place.prepare(template(place.name), Value="b"))
    assert place.prepare(template(place.name)) is None
    assert place.stacks.find(place.name).parameters == {"Value": "b"}


def test_an_update_shows_what_it_touches_and_keeps_what_it_is_not_told(place):
    place.apply(place.prepare(template(place.name), Value="b"))
    change_set = place.prepare(template(place.name), Value="c")
    assert not change_set.creates
    assert spell(change_set) == {("Modify", "Told")}
    place.apply(change_set)
    extra = {"Extra": {"Type": "AWS::SQS::Queue"}}
    without = template(place.name, **extra)
    del without["Resources"]["Queue"]
    del without["Outputs"]
    change_set = place.prepare(without)
    assert spell(change_set) == {("Add", "Extra"), ("Remove", "Queue")}
    assert place.apply(change_set).parameters == {"Value": "c"}


def test_what_refers_to_a_new_resource_is_shown_as_changed(place):
    before = template(place.name)
    place.apply(place.prepare(before))
    after = template(place.name, Extra={"Type": "AWS::SQS::Queue"})
    after["Resources"]["Told"]["Properties"]["Value"] = {"Ref": "Extra"}
    change_set = place.prepare(after)
    assert spell(change_set) == {("Add", "Extra"), ("Modify", "Told")}
    queues = place.client("sqs").list_queues().get("QueueUrls", ())
    assert len([url for url in queues if place.name in url]) == 1  # showing makes nothing


def test_a_stack_that_fails_says_which_resource_and_why(place):
    bad = template(place.name, Bad=BAD_MACHINE)
    with pytest.raises(GateError) as caught:
        place.apply(place.prepare(bad))
    assert str(caught.value).startswith(
        f"stack {place.name} ended as ROLLBACK_COMPLETE: Bad (AWS::StepFunctions::StateMachine): "
    )
    with pytest.raises(GateError, match="is ROLLBACK_COMPLETE and can only be deleted"):
        place.prepare(template(place.name))


def test_a_creation_that_failed_keeps_nothing_that_is_kept_except_on_create(place):
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate"}
    before = {each["Name"] for each in place.client("s3").list_buckets()["Buckets"]}
    bad = template(place.name, Bad=BAD_MACHINE, Mine=bucket)
    del bad["Resources"]["Kept"]
    with pytest.raises(GateError):
        place.apply(place.prepare(bad))
    assert {each["Name"] for each in place.client("s3").list_buckets()["Buckets"]} == before
    place.stacks.delete(place.name, place.events.append)
    place.apply(place.prepare(template(place.name, Mine=bucket)))
    kept = place.stacks.delete(place.name, place.events.append)
    assert {each.logical_id for each in kept} == {"Kept", "Mine"}


def test_what_is_kept_is_told_when_a_stack_is_deleted(place):
    place.apply(place.prepare(template(place.name)))
    kept = place.stacks.delete(place.name, place.events.append)
    (bucket,) = kept
    assert bucket.logical_id == "Kept"
    assert place.client("s3").head_bucket(Bucket=bucket.physical_id)
    assert place.events[-1].status == "DELETE_COMPLETE"
    assert place.stacks.find(place.name) is None
    assert place.stacks.delete(place.name, place.events.append) == ()


def test_a_stack_that_cannot_go_says_which_resource_is_in_the_way(place):
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": place.name}}
    place.apply(place.prepare(template(place.name, Full=bucket)))
    place.client("s3").put_object(Bucket=place.name, Key="a", Body=b"")
    with pytest.raises(GateError) as caught:
        place.stacks.delete(place.name, place.events.append)
    assert str(caught.value).startswith(
        f"stack {place.name} ended as DELETE_FAILED: Full (AWS::S3::Bucket): The bucket you tried"
    )


def test_a_template_that_nobody_can_read_is_refused(place):
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        place.prepare({"Resources": {"X": {"Type": "AWS::Nothing::AtAll"}}})


def test_artifacts_are_uploaded_once_and_again_if_they_were_cut_short(place):
    path = place.directory / "a.zip"
    path.write_bytes(b"12345")
    artifact = Artifact(path=path, key=f"{place.name}/a.zip")
    assert [new for _, new in place.bucket.upload(artifact)] == [True]
    assert [new for _, new in place.bucket.upload(artifact)] == [False]
    place.client("s3").put_object(Bucket=place.bucket.name, Key=artifact.key, Body=b"1")
    assert [new for _, new in place.bucket.upload(artifact)] == [True]


def test_the_bucket_is_made_once_private_and_named_after_account_and_region(place):
    assert place.bucket.name == "testgate-artifacts-123456789012-us-east-1"
    assert not place.bucket.ensure()
    other = ArtifactBucket(place.client, f"{place.name}-bucket")
    assert other.ensure()
    block = place.client("s3").get_public_access_block(Bucket=other.name)
    assert all(block["PublicAccessBlockConfiguration"].values())


def test_without_a_manifest_the_error_says_what_to_run(tmp_path):
    with pytest.raises(GateError, match="run `make bundle` first"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(GateError, match=r"is not what infra/bundle\.py writes"):
        read_manifest(tmp_path / "manifest.json")
