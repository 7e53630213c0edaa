"""Function names as the Invoke API takes them: name, partial ARN or ARN, each with a qualifier.

Pure parsing, so that host and route agree on what a name means. Used by the Lambda host.
"""

import re
from dataclasses import dataclass

from testgate.local.lambdas.errors import InvalidParameterError

# The pattern of the Invoke operation's FunctionName (documented in the API reference).
_FUNCTION_NAME = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?"
    r"(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]+)"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionName:
    """Where a function is looked up; `qualifier` None means `$LATEST` was not even named."""

    account: str
    region: str
    name: str
    qualifier: str | None = None
    partition: str = "aws"

    @property
    def arn(self) -> str:
        """The ARN without qualifier."""
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def qualified_arn(self) -> str:
        """The ARN as the caller named it, which is what the handler's context shows."""
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn


def parse_function_name(
    text: str, *, account: str, region: str, qualifier: str | None = None
) -> FunctionName:
    """The function meant by `text`; account and region fill what a name or partial ARN omits.

    Raises `InvalidParameterError` for a name of no known form, or if `text` carries a qualifier
    that differs from `qualifier`.
    """
    match = _FUNCTION_NAME.fullmatch(text)
    if match is None:
        raise InvalidParameterError(f"{text!r} is not a function name, partial ARN or ARN")
    named = match["qualifier"]
    if named and qualifier and named != qualifier:
        raise InvalidParameterError(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return FunctionName(
        account=match["account"] or account,
        region=match["region"] or region,
        name=match["name"],
        qualifier=named or qualifier or None,
        partition=match["partition"] or "aws",
    )
