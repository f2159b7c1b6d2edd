"""An instance folder (instance.toml and CSV tables), or a bundled instance by name."""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from pathlib import Path
from typing import Any

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.build import assemble
from siting.instance.core import Instance
from siting.instance.raw import RawTable, Report
from siting.instance.schema import TABLES
from siting.instance.settings import parse_settings
from siting.instance.toml_lines import with_lines
from siting.loading import MOST_BYTES, load
from siting.nested import MOST_TOML, BadTextError, parse_toml
from siting.readers.csv_file import decode, read_csv

TOML = "instance.toml"


def read(source: str | Path) -> Instance:
    """Read and validate an instance.

    Args:
        source: a folder with ``instance.toml`` and the tables of instances/README.md, or the
            name of a bundled instance, see :func:`bundled`. A folder comes first.

    Returns:
        The instance; ``files`` holds the SHA-256 of every file read.

    Raises:
        InstanceError: the complete list of what is wrong in all files, among it tables of more than
            1 GB and links that lead out of the folder.
    """
    folder = _find(source)
    origin = str(Path(source)) if Path(source).is_dir() else folder.name
    where = f"{origin}/{TOML}"
    report = Report()
    files: dict[str, str] = {}
    data = _load(folder / TOML, where, files, report)
    text = None if data is None else decode(data, where, report)
    raw = None if text is None else _parse(text, where, report)
    settings, complaints = parse_settings(raw or {}, where)
    if raw is not None:
        report.complaints += complaints
    tables = _tables(folder, origin, files, report)
    _stray_files(folder, origin, report)
    brings = _models(folder, origin, files, report)
    try:
        return assemble(tables, settings, report, brings=brings, files=files, origin=origin, where=where)
    except InstanceError as error:
        raise InstanceError(with_lines(error.complaints, text or "", where)) from None


def bundled() -> list[str]:
    """Names of the instances that come with siting."""
    return sorted(child.name for child in _home().iterdir() if (child / TOML).is_file())


def titles() -> dict[str, str]:
    """Title of every bundled instance by its name, without reading its tables."""
    found = {}
    for name in bundled():
        raw = parse_toml((_home() / name / TOML).read_text(encoding="utf-8"))
        found[name] = str(raw.get("title", name))
    return found


def _home() -> Path:
    """The folder of the bundled instances: inside the package, or beside it in a checkout."""
    package = Path(str(resources.files("siting")))
    inside = package / "instances"
    return inside if inside.is_dir() else package.parent / "instances"


def _find(source: str | Path) -> Path:
    """The folder of an instance."""
    path = Path(source)
    if path.is_dir():
        return path
    names = bundled()
    if str(source) in names:
        return _home() / str(source)
    guess = did_you_mean(path.name, names) or f"; bundled instances: {', '.join(names)}"
    what = "is a file, not an instance folder" if path.exists() else "no such folder or bundled instance"
    raise InstanceError(Complaint(str(source), what + guess))


def _tables(folder: Path, origin: str, files: dict[str, str], report: Report) -> dict[str, RawTable | None]:
    """Raw cells of every table there is; None for one that cannot be read or is missing."""
    tables: dict[str, RawTable | None] = {}
    for table in TABLES.values():
        where = f"{origin}/{table.file}"
        if (folder / table.file).exists():
            data = _load(folder / table.file, where, files, report)
            tables[table.name] = None if data is None else read_csv(data, where, report)
        elif table.required:
            report.add(where, f"the file is missing; expected: {table.about}")
            tables[table.name] = None
    return tables


def _models(folder: Path, origin: str, files: dict[str, str], report: Report) -> dict[str, str]:
    """Text of the model files that lie beside instance.toml, by file name."""
    found = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name != TOML:
            where = f"{origin}/{path.name}"
            data = _load(path, where, files, report)
            text = None if data is None else decode(data, where, report)
            found[path.name] = text or ""
    return found


def _load(path: Path, where: str, files: dict[str, str], report: Report) -> bytes | None:
    """Content of a file, whose SHA-256 is noted in ``files``; None after a complaint."""
    try:
        if not path.resolve().is_relative_to(path.parent.resolve()):
            report.add(where, "is a link that leads out of the instance folder; put the file itself there")
            return None
        data = load(path, MOST_TOML if path.suffix == ".toml" else MOST_BYTES)
    except FileNotFoundError:
        report.add(where, "the file is missing")
        return None
    except OSError as error:
        report.add(where, f"cannot be read: {error.strerror}")
        return None
    files[path.name] = hashlib.sha256(data).hexdigest()
    return data


def _parse(text: str, where: str, report: Report) -> dict[str, Any] | None:
    """Nested dictionaries of a TOML text; None after a complaint."""
    try:
        return parse_toml(text)
    except BadTextError as error:
        found = re.search(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
        line = int(found[2]) if found else text.count("\n") + 1
        what = f"{found[1]} in column {found[3]}" if found else str(error)
        report.add(where, f"not valid TOML: {what}", line)
        return None


def _stray_files(folder: Path, origin: str, report: Report) -> None:
    """Other CSV files: a near miss of an absent table is an error, the rest a warning."""
    known = {table.file for table in TABLES.values()}
    absent = [name for name in known if not (folder / name).exists()]
    for path in sorted(folder.glob("*.csv")):
        if path.name in known:
            continue
        guess = did_you_mean(path.name, absent, 0.8)
        if guess:
            report.add(f"{origin}/{path.name}", f"no table has this name{guess}")
        else:
            report.warnings.append(f"{origin}/{path.name}: not read; no table has this name")
