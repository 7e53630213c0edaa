"""Fetches the images that a report page shows to where the page looks for them: beside itself.

Imported by `testgate open`.
"""

from pathlib import Path

from testgate.aws.s3 import Bucket
from testgate.cli.artifacts import path_below
from testgate.cli.runs import StoredRun
from testgate.core.errors import GateError
from testgate.report.page_artifacts import Gallery
from testgate.report.reading import read_record

MAX_IMAGE_BYTES = 5_000_000
MAX_BYTES = 30_000_000


def fetch_images(bucket: Bucket, run: StoredRun, directory: Path) -> tuple[str, ...]:
    """Store them below that directory. What is too large, gone, or named as no file can be stays
    where it is, and the page names it; those that should have come and did not are returned."""
    missed, left = [], MAX_BYTES
    shown = Gallery(read_record(run.record)).shown if run.record is not None else ()
    for image in shown:
        if image.size_bytes > min(MAX_IMAGE_BYTES, left):
            missed.append(f"{image.path}: it has {image.size_bytes:,} bytes")
            continue
        left -= image.size_bytes
        name = f"evidence/{image.path}"
        try:
            place = directory / path_below(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(bucket.get(f"{run.place.prefix}{name}"))
        except (GateError, OSError) as exc:
            missed.append(f"{image.path}: {exc}")
    return tuple(missed)
