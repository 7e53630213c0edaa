"""The bucket of approvals: what S3 tells of an object that somebody uploaded."""

from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.approval import MAX_SAYS_CHARS, Upload
from testgate.core.errors import NotFoundError, PortError

_READ_BYTES = 4 * MAX_SAYS_CHARS  # a character has at most four


class Approvals:
    """One bucket, which others write. Raises PortError."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def find(self, key: str, *, read: bool = False) -> Upload | None:
        """The object of that key, None if there is none now; with `read`, its first line too."""
        try:
            with port_errors(f"looking for {key} in {self.bucket}"):
                head = self._client.head_object(Bucket=self.bucket, Key=key)
        except NotFoundError:
            return None
        return Upload(
            url=f"s3://{self.bucket}/{key}",
            uploaded_at=head["LastModified"],
            etag=head.get("ETag", "").strip('"'),
            version=head.get("VersionId") or "",
            owner=self._owner(key, head.get("VersionId")),
            metadata=dict(head.get("Metadata") or {}),
            says=self._first_line(key, head) if read else "",
        )

    def _owner(self, key: str, version: str | None) -> str:
        """The account that owns the version. Not essential: "" where S3 does not tell."""
        try:
            with port_errors(f"looking who owns {key}"):
                answer = self._client.list_object_versions(
                    Bucket=self.bucket, Prefix=key, MaxKeys=10
                )
        except PortError:
            return ""
        for item in answer.get("Versions") or ():
            same = item.get("VersionId") == version if version else item.get("IsLatest")
            if item.get("Key") == key and same:
                owner = item.get("Owner") or {}
                return str(owner.get("DisplayName") or owner.get("ID") or "")
        return ""

    def _first_line(self, key: str, head: Any) -> str:
        size = head.get("ContentLength") or 0
        if not size:
            return ""
        with port_errors(f"reading {key}"):
            answer = self._client.get_object(
                Bucket=self.bucket, Key=key, Range=f"bytes=0-{min(size, _READ_BYTES) - 1}"
            )
            text = answer["Body"].read().decode(errors="replace")
        lines = text.strip().splitlines()
        return lines[0] if lines else ""
