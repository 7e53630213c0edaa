"""S3: strongly consistent, and written once where If-None-Match asks for it."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

from tests.schedules.aws.caller import Caller, client_error
from tests.schedules.schedule import Service


class Storage:
    """The record bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}


class S3Client:
    """The bucket as one invocation reaches it."""

    def __init__(self, caller: Caller, storage: Storage) -> None:
        self._caller = caller
        self._storage = storage

    def put_object(
        self, *, Bucket: str, Key: str, Body: bytes, ContentType: str, IfNoneMatch: str = ""
    ) -> Mapping[str, Any]:
        def effect() -> Mapping[str, Any]:
            if IfNoneMatch and Key in self._storage.objects:
                raise client_error("PutObject", "PreconditionFailed", 412)
            self._storage.objects[Key] = Body
            fact = (self._caller.kernel.now_s, self._caller.function.value, Key, bool(IfNoneMatch))
            self._caller.journal.writes.append(fact)
            return {}

        return self._caller.call(Service.S3, "PutObject", effect)

    def get_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:
        def effect() -> Mapping[str, Any]:
            if Key not in self._storage.objects:
                raise client_error("GetObject", "NoSuchKey", 404)
            return {"Body": io.BytesIO(self._storage.objects[Key])}

        return self._caller.call(Service.S3, "GetObject", effect)

    def head_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:
        def effect() -> Mapping[str, Any]:
            if Key not in self._storage.objects:
                raise client_error("HeadObject", "404", 404)
            return {}

        return self._caller.call(Service.S3, "HeadObject", effect)

    def get_paginator(self, operation: str) -> "_Keys":
        if operation != "list_objects_v2":
            raise NotImplementedError(operation)
        return _Keys(self._caller, self._storage)


class _Keys:
    def __init__(self, caller: Caller, storage: Storage) -> None:
        self._caller = caller
        self._storage = storage

    def paginate(
        self, *, Bucket: str, Prefix: str, PaginationConfig: Mapping[str, int]
    ) -> Iterator[Mapping[str, Any]]:
        def effect() -> Mapping[str, Any]:
            keys = sorted(key for key in self._storage.objects if key.startswith(Prefix))
            items = [{"Key": key, "ETag": ""} for key in keys]
            return {"Contents": items[: PaginationConfig["MaxItems"]]}

        yield self._caller.call(Service.S3, "ListObjectsV2", effect)


class EventsClient:
    """The default bus, for what the hook emits."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def put_events(self, *, Entries: list[Mapping[str, Any]]) -> Mapping[str, Any]:
        def effect() -> Mapping[str, Any]:
            self._caller.journal.emitted.extend(Entries)
            return {"FailedEntryCount": 0}

        return self._caller.call(Service.EVENTS, "PutEvents", effect)
