"""The CloudFormation operations whose parameters or answers moto gets wrong.

Imported by `bridge` alone.
"""

import ipaddress
from typing import Any
from urllib.parse import unquote, urlparse

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import get_stack_from_s3_url
from moto.core.responses import ActionResult, EmptyResult
from moto.s3.models import s3_backends

from testgate.local.moto.cloudformation.templates import check_template, load_template


class StackResponse(CloudFormationResponse):  # type: ignore[misc]
    """moto's operations, with change sets told apart by stack and templates read safely."""

    def _validate_different_update(self, *_: Any) -> None:
        """Left to the backend: an update without changes fails, a change set is made as FAILED."""

    def _get_stack_from_s3_url(self, template_url: str) -> str:
        """moto takes the first part of an address such as 127.0.0.1 for the bucket."""
        url = urlparse(template_url)
        if not _is_address(url.hostname or ""):
            text: str = get_stack_from_s3_url(
                template_url, account_id=self.current_account, partition=self.partition
            )
            return text
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        found = s3_backends[self.current_account][self.partition].get_object(bucket, key)
        if found is None:
            raise ValidationError(message=f"S3 error: The specified key does not exist. ({key})")
        return str(found.value.decode())

    def describe_change_set(self) -> ActionResult:
        return ActionResult(self.cloudformation_backend.describe_change_set(**self._change_set()))

    def execute_change_set(self) -> ActionResult:
        self.cloudformation_backend.execute_change_set(**self._change_set())
        return EmptyResult()

    def delete_change_set(self) -> ActionResult:
        self.cloudformation_backend.delete_change_set(**self._change_set())
        return EmptyResult()

    def list_change_sets(self) -> ActionResult:
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        every = self.cloudformation_backend.list_change_sets()
        return ActionResult({"Summaries": [each for each in every if each.stack is stack]})

    def validate_template(self) -> ActionResult:
        """AWS (documented): parameters, description, capabilities of a template that is right.

        moto runs cfn-lint, which is not part of the local AWS and fails on mere warnings.
        """
        url = self._get_param("TemplateURL")
        text = self._get_stack_from_s3_url(url) if url else self._get_param("TemplateBody")
        template = load_template(text)
        check_template(template)
        kinds = [resource["Type"] for resource in template["Resources"].values()]
        answer: dict[str, Any] = {
            "Description": template.get("Description", ""),
            "Parameters": [
                {
                    "ParameterKey": name,
                    "DefaultValue": str(declared.get("Default", "")),
                    "NoEcho": declared.get("NoEcho", False),
                    "Description": declared.get("Description", ""),
                }
                for name, declared in (template.get("Parameters") or {}).items()
            ],
        }
        if any(kind.startswith("AWS::IAM::") for kind in kinds):
            answer["Capabilities"] = ["CAPABILITY_NAMED_IAM"]
        return ActionResult(answer)

    def _change_set(self) -> dict[str, Any]:
        return {
            "change_set_name": self._get_param("ChangeSetName"),
            "stack_name": self._get_param("StackName"),
        }


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
