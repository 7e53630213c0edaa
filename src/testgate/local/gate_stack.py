"""Deploys infra/gate.yaml, as it is, with the built bundles, onto the local AWS.

Imported by the command line, the benchmarks and the tests.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testgate.core.errors import GateError
from testgate.local.site import Hook
from testgate.stacks.artifacts import ArtifactBucket, read_manifest, template_artifact
from testgate.stacks.catalogue import ARTIFACT_PARAMETERS, StackKind, template_path
from testgate.stacks.deploying import Stacks


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
    client: Callable[[str], Any],
    repository: Path,
    *,
    name: str = "testgate",
    parameters: Mapping[str, str] | None = None,
) -> GateStack:
    """Upload what `make bundle` built and create the stack; `parameters` are those of the template
    besides the artifacts'. Raises GateError."""
    artifacts = read_manifest(repository / "build" / "manifest.json")
    template = template_artifact(template_path(StackKind.GATE, repository))
    bucket, stacks = ArtifactBucket(client), Stacks(client, time.sleep)
    bucket.ensure()
    for _ in bucket.upload(*artifacts.values(), template):
        pass
    keys = {parameter: artifacts[key].key for key, parameter in ARTIFACT_PARAMETERS.items()}
    change_set = stacks.prepare(
        name,
        stacks.template({"TemplateURL": bucket.url(template)}),
        {"ArtifactBucket": bucket.name} | keys | dict(parameters or {}),
        "create",
    )
    if change_set is None:
        raise GateError(f"stack {name} is there already, as it would be made")
    stacks.apply(change_set, lambda _: None)
    return gate_stack(client("cloudformation").describe_stacks(StackName=name)["Stacks"][0])


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
