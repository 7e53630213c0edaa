"""Puts the CloudFormation of the local AWS in the place of moto's.

Imported by `testgate.local.moto.installation` alone.
"""

import moto.cloudformation.models as models
import moto.cloudformation.responses as responses
import moto.cloudformation.urls as urls
from moto.cloudformation import parsing
from moto.core.base_backend import BackendDict

from testgate.local.moto.cloudformation import (
    bucket,
    ecs_service,  # noqa: F401 - defines a resource type
    function,
    functions,
    role,
    state_machine,  # noqa: F401 - defines a resource type
    task_definition,  # noqa: F401 - defines a resource type
)
from testgate.local.moto.cloudformation.api import StackResponse
from testgate.local.moto.cloudformation.change_sets import ChangeSetBackend
from testgate.local.moto.cloudformation.resource_map import TracedResourceMap, update_or_replace
from testgate.local.moto.cloudformation.templates import SafeYaml
from testgate.local.moto.replacement import replace_everywhere


def install() -> None:
    """Put templates, stacks, operations and resource types in force; repeating is harmless."""
    models.yaml = SafeYaml
    responses.yaml = SafeYaml
    models.ResourceMap = TracedResourceMap
    parsing.parse_and_update_resource = update_or_replace
    urls.url_paths["{0}/$"] = StackResponse.dispatch
    bucket.evaluate_bucket_policies_with_conditions()
    function.install()
    functions.install()
    role.install()
    before = models.cloudformation_backends
    if before.backend is not ChangeSetBackend:
        replace_everywhere("moto", before, BackendDict(ChangeSetBackend, "cloudformation"))
    refresh_types()


def refresh_types() -> None:
    """Let CloudFormation look for resource types again: of each type, the last class defined wins.

    To be called after a module has defined a `CloudFormationModel`.
    """
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()
