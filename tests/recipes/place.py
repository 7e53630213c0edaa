"""Recipes run as `testgate run` runs them: published once, with what each requires, then run
against any address, unchanged or with files of the suite replaced. For the tests of recipes."""

import io
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

from testgate.cli.publishing import Publication, prepare_publication
from testgate.cli.running import Against, rehearse
from testgate.core.canonical import digest_of

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "examples" / "recipes"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def published(name: str, scratch: Path) -> Publication:
    """A recipe's gate, from a copy of its files."""
    copy = scratch / name
    shutil.copytree(RECIPES / name, copy)
    if name == "tavern":  # as its page says: docopt has no wheel
        wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "docopt==0.6.2"]
        subprocess.run([*wheel, "--wheel-dir", str(copy / "suite" / "wheels")], check=True)
    return prepare_publication(copy / "testgate.toml")


def changed(publication: Publication, files: dict[str, str | None]) -> Publication:
    """The same with other files in its only suite; None takes a file away."""
    (suite,) = publication.plan.suites
    data = _repacked(publication.bundles[suite.bundle], files)
    other = replace(suite, bundle=digest_of(data))
    plan = replace(publication.plan, waves=((other,),))
    return replace(publication, plan=plan, bundles={other.bundle: data})


def _repacked(bundle: bytes, files: dict[str, str | None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            if info.filename not in files:
                new.writestr(info, old.read(info))
        for name, text in files.items():
            if text is not None:
                new.writestr(zipfile.ZipInfo(name, _FIXED_TIME), text)
    return buffer.getvalue()


def run(publication: Publication, url: str, **parameters: str):
    """What `testgate run` would say."""
    against = Against(url=url, jobs=2, parameters=parameters)
    return rehearse(publication, (), against, lambda _: None)
