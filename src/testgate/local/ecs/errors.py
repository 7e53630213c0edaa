"""Errors of the ECS API as its clients see them.

Imported by `testgate.local.ecs` alone.
"""


class EcsApiError(Exception):
    """`code` is the exception's name in the ECS model, as `ServiceNotFoundException`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid_parameter(message: str) -> EcsApiError:
    return EcsApiError("InvalidParameterException", message)


def client_error(message: str) -> EcsApiError:
    return EcsApiError("ClientException", message)


def cluster_not_found() -> EcsApiError:
    return EcsApiError("ClusterNotFoundException", "Cluster not found.")


def service_not_found() -> EcsApiError:
    return EcsApiError("ServiceNotFoundException", "Service not found.")


def service_not_active() -> EcsApiError:
    return EcsApiError("ServiceNotActiveException", "Service was not ACTIVE.")


def deployment_not_found() -> EcsApiError:
    """Documented text."""
    return EcsApiError(
        "ServiceDeploymentNotFoundException", "The service deployment does not exist."
    )


def unsupported(message: str) -> EcsApiError:
    return EcsApiError("UnsupportedFeatureException", message)


def conflict(message: str) -> EcsApiError:
    return EcsApiError("ConflictException", message)
