"""`AWS::S3::Bucket` with its protections, `AWS::S3::BucketPolicy`, policies with conditions.

What moto's CloudFormation drops is put through S3's own API. Imported by `bridge` alone.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, s3_backends
from moto.utilities.utils import get_partition

from testgate.local.moto.cloudformation.lifecycle import api_rules
from testgate.local.moto.interpreter_clients import clients


class CfnBucket(CloudFormationModel):  # type: ignore[misc]
    """Makes moto's buckets, then sets the properties that moto leaves out."""

    @staticmethod
    def cloudformation_name_type() -> str:
        return "BucketName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::Bucket"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return bool(FakeBucket.has_cfn_attr(attr))

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **settings: Any,
    ) -> FakeBucket:
        bucket = FakeBucket.create_from_cloudformation_json(
            resource_name, _without_tags(cloudformation_json), account_id, region_name, **settings
        )
        _set_properties(bucket.name, cloudformation_json.get("Properties", {}), region_name)
        return bucket

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: FakeBucket,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> FakeBucket:
        bucket = FakeBucket.update_from_cloudformation_json(
            original_resource,
            new_resource_name,
            _without_tags(cloudformation_json),
            account_id,
            region_name,
        )
        _set_properties(bucket.name, cloudformation_json.get("Properties", {}), region_name)
        return bucket

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        """AWS (documented): a bucket that is not empty cannot be deleted. moto is silent."""
        store = s3_backends[account_id][get_partition(region_name)]
        if store.delete_bucket(resource_name) is None:
            raise ValueError(f"The bucket you tried to delete is not empty: {resource_name}")


class CfnBucketPolicy(CloudFormationModel):  # type: ignore[misc]
    """The policy of a bucket; moto's CloudFormation does not know it."""

    def __init__(self, bucket_name: str) -> None:
        self.bucket_name = bucket_name

    @property
    def physical_resource_id(self) -> str:
        return self.bucket_name

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::BucketPolicy"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return False

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> "CfnBucketPolicy":
        properties = cloudformation_json["Properties"]
        document = properties["PolicyDocument"]
        text = document if isinstance(document, str) else json.dumps(document)
        clients.get(region_name, "s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=text)
        return cls(properties["Bucket"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "CfnBucketPolicy",
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "CfnBucketPolicy":
        updated = cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )
        if updated.bucket_name != original_resource.bucket_name:
            cls.delete_from_cloudformation_json(
                original_resource.bucket_name, cloudformation_json, account_id, region_name
            )
        return updated

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        clients.get(region_name, "s3").delete_bucket_policy(Bucket=resource_name)

    def is_created(self) -> bool:
        return True


def evaluate_bucket_policies_with_conditions() -> None:
    """Let buckets ignore policy statements with conditions.

    moto takes a statement for one without condition: the usual "deny what does not use TLS" would
    deny everything. The local AWS evaluates no condition, and its plain HTTP stands for TLS.
    """
    FakeBucket.get_permission = _permission


def _permission(bucket: Any, action: str, resource: str) -> PermissionResult:
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    document = json.loads(bucket.policy)
    statements = document.get("Statement", [])
    every = statements if isinstance(statements, list) else [statements]
    document["Statement"] = [each for each in every if not each.get("Condition")]
    if not document["Statement"]:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps(document)).is_action_permitted(action, resource)


def _without_tags(cloudformation_json: dict[str, Any]) -> dict[str, Any]:
    # moto's update of tags needs a BucketName, which templates rarely give.
    properties = dict(cloudformation_json.get("Properties", {}))
    properties.pop("Tags", None)
    return {**cloudformation_json, "Properties": properties}


def _set_properties(bucket: str, properties: dict[str, Any], region_name: str) -> None:
    s3 = clients.get(region_name, "s3")
    for name, (put, remove) in _setters(s3, bucket).items():
        if name in properties:
            put(properties[name])
        else:
            remove()


def _setters(
    s3: Any, bucket: str
) -> dict[str, tuple[Callable[[Any], object], Callable[[], object]]]:
    """How each property is set from its CloudFormation form, and how it is taken away."""

    def put_versioning(value: dict[str, Any]) -> None:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=value)

    def suspend_versioning() -> None:
        if "Status" in s3.get_bucket_versioning(Bucket=bucket):
            put_versioning({"Status": "Suspended"})

    def put_notifications(value: dict[str, Any]) -> None:
        bridge = value.get("EventBridgeConfiguration", {"EventBridgeEnabled": False})
        wanted = str(bridge.get("EventBridgeEnabled", True)).lower() == "true"
        configuration: dict[str, Any] = {"EventBridgeConfiguration": {}} if wanted else {}
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=configuration
        )

    return {
        "PublicAccessBlockConfiguration": (
            lambda value: s3.put_public_access_block(
                Bucket=bucket, PublicAccessBlockConfiguration=value
            ),
            lambda: s3.delete_public_access_block(Bucket=bucket),
        ),
        "VersioningConfiguration": (put_versioning, suspend_versioning),
        "OwnershipControls": (
            lambda value: s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=value),
            lambda: s3.delete_bucket_ownership_controls(Bucket=bucket),
        ),
        "LifecycleConfiguration": (
            lambda value: s3.put_bucket_lifecycle_configuration(
                Bucket=bucket, LifecycleConfiguration={"Rules": api_rules(value["Rules"])}
            ),
            lambda: s3.delete_bucket_lifecycle(Bucket=bucket),
        ),
        "NotificationConfiguration": (put_notifications, lambda: put_notifications({})),
        "Tags": (
            lambda value: s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": value}),
            lambda: s3.delete_bucket_tagging(Bucket=bucket),
        ),
    }
