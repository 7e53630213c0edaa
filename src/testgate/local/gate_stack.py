"""Deploys infra/gate.yaml, as it is, with the built bundles, onto the local AWS.

Imported by the command line, the benchmarks and the tests.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testgate.core.errors import GateError
from testgate.local.site import Hook

ARTIFACT_BUCKET = "testgate-artifacts"
_KEY_PARAMETERS = {
    "hook": "HookBundleKey",
    "control": "ControlBundleKey",
    "runner": "RunnerBundleKey",
    "asl": "DefinitionKey",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStack:
    """What the stack's outputs name."""

    name: str
    hook_function_arn: str
    hook_invoke_role_arn: str
    state_machine_arn: str
    record_bucket: str
    admission_function_arn: str
    approval_function_arn: str
    approval_bucket: str
    metrics_function_arn: str

    def hook(self, details: object, timeout: Mapping[str, object] | None = None) -> Hook:
        """The lifecycle hook that a service adds to be gated."""
        return Hook(
            function_arn=self.hook_function_arn,
            role_arn=self.hook_invoke_role_arn,
            details=details,
            timeout=timeout,
        )

    def admission(self, details: object = None) -> Hook:
        """The hook that admits images."""
        return self._hook_at(self.admission_function_arn, details, "PRE_SCALE_UP")

    def approval(self, details: object = None, stage: str = "POST_TEST_TRAFFIC_SHIFT") -> Hook:
        """The hook that waits for an approval."""
        return self._hook_at(self.approval_function_arn, details, stage)

    def metrics(self, details: object, stage: str = "POST_PRODUCTION_TRAFFIC_SHIFT") -> Hook:
        """The hook that watches metrics and alarms."""
        return self._hook_at(self.metrics_function_arn, details, stage)

    def _hook_at(self, function_arn: str, details: object, stage: str) -> Hook:
        return Hook(
            function_arn=function_arn,
            role_arn=self.hook_invoke_role_arn,
            details=details,
            stages=(stage,),
        )

    def function(self, step: str) -> str:
        """The name of one of its functions: test-gate, admission, prepare, run-suite, …"""
        return f"{self.name}-{step}"


def deploy_gate(
    client: Callable[[str], Any], repository: Path, *, name: str = "testgate"
) -> GateStack:
    """Upload what `make bundle` built and create the stack. Raises GateError."""
    manifest = _manifest(repository / "build" / "manifest.json")
    s3 = client("s3")
    s3.create_bucket(Bucket=ARTIFACT_BUCKET)
    for artifact in manifest.values():
        body = (repository / "build" / artifact["file"]).read_bytes()
        s3.put_object(Bucket=ARTIFACT_BUCKET, Key=artifact["key"], Body=body)
    parameters = {"ArtifactBucket": ARTIFACT_BUCKET} | {
        parameter: manifest[artifact]["key"] for artifact, parameter in _KEY_PARAMETERS.items()
    }
    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(repository / "infra" / "gate.yaml").read_text(),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise GateError(
            f"stack {name} ended as {stack['StackStatus']}: {stack.get('StackStatusReason', '')}"
        )
    return gate_stack(stack)


def gate_stack(stack: Mapping[str, Any]) -> GateStack:
    """What a described stack's outputs name. Raises GateError for another stack."""
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs") or ()}
    try:
        return GateStack(
            name=stack["StackName"],
            hook_function_arn=outputs["HookFunctionArn"],
            hook_invoke_role_arn=outputs["HookInvokeRoleArn"],
            state_machine_arn=outputs["StateMachineArn"],
            record_bucket=outputs["RecordBucketName"],
            admission_function_arn=outputs["AdmissionFunctionArn"],
            approval_function_arn=outputs["ApprovalFunctionArn"],
            approval_bucket=outputs["ApprovalBucketName"],
            metrics_function_arn=outputs["MetricsFunctionArn"],
        )
    except KeyError as exc:
        raise GateError(
            f"stack {stack['StackName']} has no output {exc.args[0]}: it is not of infra/gate.yaml"
        ) from None


def _manifest(path: Path) -> dict[str, dict[str, str]]:
    try:
        manifest: dict[str, dict[str, str]] = json.loads(path.read_text())
    except OSError:
        raise GateError(f"there is no {path}: run `make bundle` first") from None
    return manifest
