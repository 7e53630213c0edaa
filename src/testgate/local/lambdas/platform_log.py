"""The lines that Lambda itself adds to a function's log: START, END, REPORT and their like.

Pure text making, in both of AWS's formats (documented: text, and JSON "platform" events). Used by
the execution environment.
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from testgate.local.lambdas.catalog import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one invocation took; `init_ms` None on a warm start."""

    duration_ms: float
    init_ms: float | None
    memory_used_bytes: int

    @property
    def billed_ms(self) -> int:
        """Whole milliseconds, initialisation included (documented, since August 2025)."""
        return math.ceil(self.duration_ms + (self.init_ms or 0.0))

    @property
    def memory_used_mb(self) -> int:
        return math.ceil(self.memory_used_bytes / 2**20)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformLog:
    """Makes the platform's lines for one function version."""

    settings: Settings

    def start(self, request_id: str) -> str:
        if self.settings.log.json:
            return self._event("platform.start", requestId=request_id, **self._version())
        return f"START RequestId: {request_id} Version: {self.settings.version}"

    def end(self, request_id: str) -> list[str]:
        """JSON logs have no such event."""
        return [] if self.settings.log.json else [f"END RequestId: {request_id}"]

    def report(self, request_id: str, usage: Usage, error_type: str | None) -> str:
        if self.settings.log.json:
            return self._json_report(request_id, usage, error_type)
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {usage.duration_ms:.2f} ms",
            f"Billed Duration: {usage.billed_ms} ms",
            f"Memory Size: {self.settings.memory_mb} MB",
            f"Max Memory Used: {usage.memory_used_mb} MB",
        ]
        if usage.init_ms is not None:
            fields.append(f"Init Duration: {usage.init_ms:.2f} ms")
        if error_type == "Sandbox.Timedout":
            fields.append("Status: timeout")
        elif error_type is not None:
            fields += ["Status: error", f"Error Type: {error_type}"]
        return "\t".join([*fields, ""])

    def init_report(self, *, init_ms: float, phase: str, error_type: str) -> str:
        status = "timeout" if error_type == "Sandbox.Timedout" else "error"
        if self.settings.log.json:
            return self._event(
                "platform.initReport",
                phase=phase,
                status=status,
                errorType=error_type,
                metrics={"durationMs": round(init_ms, 3)},
            )
        return (
            f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: {phase}\tStatus: {status}"
            f"\tError Type: {error_type}"
        )

    def _json_report(self, request_id: str, usage: Usage, error_type: str | None) -> str:
        metrics: dict[str, float] = {
            "durationMs": round(usage.duration_ms, 3),
            "billedDurationMs": usage.billed_ms,
            "memorySizeMB": self.settings.memory_mb,
            "maxMemoryUsedMB": usage.memory_used_mb,
        }
        if usage.init_ms is not None:
            metrics["initDurationMs"] = round(usage.init_ms, 3)
        failure: dict[str, Any] = {"status": "success"}
        if error_type is not None:
            status = "timeout" if error_type == "Sandbox.Timedout" else "error"
            failure = {"status": status, "errorType": error_type}
        return self._event("platform.report", requestId=request_id, metrics=metrics, **failure)

    def _version(self) -> dict[str, str]:
        return {"functionArn": self.settings.arn, "version": self.settings.version}

    @staticmethod
    def _event(kind: str, **record: Any) -> str:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"time": now, "type": kind, "record": record})
