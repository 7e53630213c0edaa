"""Installs the bridges, and warms up what moto would do at its first calls.

Importing this module imports moto's interpreter and CloudFormation (about a second), so the server
does it in a thread. Imported by `testgate.local.server` alone.
"""

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from testgate.local.moto import (
    interpreter,
    interpreter_clients,
    maps,
    parsing,
    service_integrations,
    stepfunctions,
    stepfunctions_api,
)
from testgate.local.moto.cloudformation import bridge as cloudformation

_TRIVIAL_MACHINE = '{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}'


def install(endpoint_url: str) -> None:
    """Put every bridge in force; executions call other services at `endpoint_url`.

    Repeating is harmless (the last URL counts), and moto's reset does not undo it.
    """
    interpreter_clients.clients.direct_to(endpoint_url)
    interpreter_clients.install()
    interpreter.install()
    maps.install()
    parsing.install()
    service_integrations.install()
    stepfunctions.install()
    stepfunctions_api.install()
    cloudformation.install()


def warm_up() -> None:
    """Do once, ahead of the first caller, what the States Language parser does at its first use."""
    AmazonStateLanguageParser.parse(_TRIVIAL_MACHINE)
