"""Recipes run as `testgate run` runs them: published once, with what each requires, then run
against any address, unchanged or with files of the suite replaced. For the tests of recipes."""

import io
import os
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from testgate.cli.publishing import Publication, prepare_publication
from testgate.cli.running import Against, Rehearsal, rehearse
from testgate.core.canonical import digest_of

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "examples" / "recipes"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def published(name: str, factory: pytest.TempPathFactory) -> Publication:
    """A recipe's gate with what its suite requires; once for all tests, in whichever process."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    path = shared / f"{name}.publication"
    if not path.exists():
        made = prepare_publication(RECIPES / name / "testgate.toml")
        mine = factory.mktemp("published") / path.name
        mine.write_bytes(pickle.dumps(made))
        mine.replace(path)
    publication: Publication = pickle.loads(path.read_bytes())
    return publication


def changed(publication: Publication, files: Mapping[str, str | None]) -> Publication:
    """The same with other files in its only suite; None takes a file away."""
    (suite,) = publication.plan.suites
    data = _repacked(publication.bundles[suite.bundle], files)
    other = replace(suite, bundle=digest_of(data))
    plan = replace(publication.plan, waves=((other,),))
    return replace(publication, plan=plan, bundles={other.bundle: data})


def together(parts: Mapping[str, Publication], gate: str) -> Publication:
    """One gate of all these, each a suite of its name. They run one after another, so that none
    measures the load of the others, and each has less time, so that together they fit the gate's.
    """
    suites = tuple(
        replace(part.plan.suites[0], name=name, timeout_s=120) for name, part in parts.items()
    )
    (first, *_) = parts.values()
    return Publication(
        plan=replace(first.plan, gate=gate, waves=(suites,), parallel=1),
        bundles={digest: data for part in parts.values() for digest, data in part.bundles.items()},
    )


def _repacked(bundle: bytes, files: Mapping[str, str | None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            if info.filename not in files:
                new.writestr(info, old.read(info))
        for name, text in files.items():
            if text is not None:
                new.writestr(zipfile.ZipInfo(name, _FIXED_TIME), text)
    return buffer.getvalue()


def run(publication: Publication, url: str, evidence: Path | None = None) -> Rehearsal:
    """What `testgate run` would say, and keep."""
    against = Against(url=url, jobs=2, evidence=evidence)
    return rehearse(publication, (), against, lambda _: None)
