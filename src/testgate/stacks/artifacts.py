"""The built bundles in the bucket that CloudFormation reads them from, each under its digest.

Imported by the commands and `testgate.local`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from testgate.core.errors import GateError
from testgate.stacks.catalogue import ARTIFACT_PARAMETERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file to upload, under a key that holds its digest."""

    path: Path
    key: str


def read_manifest(path: Path) -> dict[str, Artifact]:
    """Artifact name to artifact, of what `infra/bundle.py` built. Raises GateError."""
    try:
        manifest = json.loads(path.read_text())
        return {
            name: Artifact(path=path.parent / manifest[name]["file"], key=manifest[name]["key"])
            for name in ARTIFACT_PARAMETERS
        }
    except OSError:
        raise GateError(f"there is no {path}: run `make bundle` first") from None
    except (ValueError, KeyError, TypeError) as exc:
        raise GateError(f"{path} is not what infra/bundle.py writes: {exc!r}") from exc


def template_artifact(path: Path) -> Artifact:
    """A template, likewise: one of more than 51,200 bytes is only taken from a bucket."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Artifact(path=path, key=f"templates/{path.stem}-{digest[:16]}{path.suffix}")


class ArtifactBucket:
    """A bucket of this account and region. Every call says whose it must be: a bucket of that name
    may have been made by somebody else."""

    def __init__(self, client: Callable[[str], Any], name: str | None = None) -> None:
        self._s3 = client("s3")
        self._region = self._s3.meta.region_name
        self._account = str(client("sts").get_caller_identity()["Account"])
        self.name = name or f"testgate-artifacts-{self._account}-{self._region}"

    def ensure(self) -> bool:
        """Make the bucket if it is not there; whether it was made. Raises GateError."""
        try:
            self._s3.head_bucket(Bucket=self.name, ExpectedBucketOwner=self._account)
        except ClientError as exc:
            status = exc.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 403:
                raise GateError(
                    f"bucket {self.name} is not this account's, or you may not use it: name "
                    "another with --artifact-bucket"
                ) from exc
            if status != 404:
                raise
        else:
            return False
        place = {"LocationConstraint": self._region}
        settings = {} if self._region == "us-east-1" else {"CreateBucketConfiguration": place}
        self._s3.create_bucket(Bucket=self.name, **settings)
        self._s3.put_public_access_block(
            Bucket=self.name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
            ExpectedBucketOwner=self._account,
        )
        return True

    def upload(self, *artifacts: Artifact) -> Iterator[tuple[Artifact, bool]]:
        """Store what is not there yet; each artifact with whether it was uploaded just now."""
        for artifact in artifacts:
            body = artifact.path.read_bytes()
            missing = not self._has(artifact.key, len(body))
            if missing:
                self._s3.put_object(
                    Bucket=self.name,
                    Key=artifact.key,
                    Body=body,
                    ExpectedBucketOwner=self._account,
                )
            yield artifact, missing

    def url(self, artifact: Artifact) -> str:
        """The artifact as CloudFormation's TemplateURL takes it."""
        endpoint = str(self._s3.meta.endpoint_url).rstrip("/")
        return f"{endpoint}/{self.name}/{artifact.key}"

    def _has(self, key: str, size_bytes: int) -> bool:
        try:
            found = self._s3.head_object(
                Bucket=self.name, Key=key, ExpectedBucketOwner=self._account
            )
        except ClientError as exc:
            if exc.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return bool(found["ContentLength"] == size_bytes)
