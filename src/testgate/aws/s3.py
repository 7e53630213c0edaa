"""The record bucket: JSON and files by key, written once where it matters."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.errors import AlreadyExistsError, EvidenceError, NotFoundError
from testgate.core.storing import to_json_bytes

JSON_TYPE = "application/json"


class Bucket:
    """One S3 bucket. Raises PortError."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store, replacing what is there."""
        with port_errors(f"storing {key}"):
            self._client.put_object(Bucket=self.name, Key=key, Body=body, ContentType=content_type)

    def put_once(self, key: str, body: bytes, content_type: str) -> bool:
        """Store unless something is there (If-None-Match); False if something was."""
        try:
            with port_errors(f"storing {key}"):
                self._client.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=body,
                    ContentType=content_type,
                    IfNoneMatch="*",
                )
        except AlreadyExistsError:
            return False
        return True

    def put_json_once(self, key: str, value: object) -> bool:
        """As `put_once`, for a JSON value."""
        return self.put_once(key, to_json_bytes(value), JSON_TYPE)

    def get(self, key: str) -> bytes:
        """The bytes under a key. Raises NotFoundError if there are none."""
        with port_errors(f"reading {key}"):
            body = self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return bytes(body)

    def get_json(self, key: str) -> Any:
        """The JSON value under a key. Raises NotFoundError, EvidenceError if it is not JSON."""
        try:
            return json.loads(self.get(key))
        except ValueError as exc:
            raise EvidenceError(f"{key} is not JSON: {exc}") from exc

    def find_json(self, key: str) -> Any | None:
        """As `get_json`, None if there is nothing."""
        try:
            return self.get_json(key)
        except NotFoundError:
            return None

    def exists(self, key: str) -> bool:
        """Whether something lies under a key."""
        try:
            with port_errors(f"looking for {key}"):
                self._client.head_object(Bucket=self.name, Key=key)
        except NotFoundError:
            return False
        return True

    def keys(self, prefix: str, limit: int = 1000, after: str = "") -> Iterator[str]:
        """Keys under a prefix in order, at most `limit` of them, those behind `after` alone."""
        for key, _ in self.tagged_keys(prefix, limit, after):
            yield key

    def tagged_keys(
        self, prefix: str, limit: int = 1000, after: str = ""
    ) -> Iterator[tuple[str, str]]:
        """As `keys`, each with a tag that is another once other bytes lie there."""
        with port_errors(f"listing {prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name,
                Prefix=prefix,
                PaginationConfig={"MaxItems": limit},
                **({"StartAfter": after} if after else {}),
            )
            for page in pages:
                for item in page.get("Contents", ()):
                    yield item["Key"], item["ETag"]

    def folders(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        """What keys go on with up to their next slash, each once, with the prefix and the slash; at
        most `limit` of them, the first."""
        return islice(self._folders(prefix, limit), limit)

    def _folders(self, prefix: str, limit: int | None) -> Iterator[str]:
        with port_errors(f"listing {prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name,
                Prefix=prefix,
                Delimiter="/",
                PaginationConfig={"PageSize": min(limit or 1000, 1000)},
            )
            for page in pages:
                for item in page.get("CommonPrefixes", ()):
                    yield item["Prefix"]
