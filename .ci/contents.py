"""Wheels and source distribution against the repository: ``contents.py REPO WHEEL WHEEL SDIST``."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

SHIPPED = {
    "siting": ("*.py", "py.typed", "*.css", "*.js"),
    "models": ("*.toml",),
    "instances": ("*.toml", "*.csv", "*.md", "facts/*"),
}
"""Folders of the repository and the files of them that belong into a wheel."""


def expected(root: Path) -> dict[str, bytes]:
    """Content of every file that a wheel shall hold, by its name there."""
    found = {}
    for folder, patterns in SHIPPED.items():
        for path in (root / folder).rglob("*"):
            if path.is_file() and any(path.match(pattern) for pattern in patterns):
                inside = path.relative_to(root).as_posix()
                found[inside if folder == "siting" else f"siting/{inside}"] = path.read_bytes()
    return found


def held(wheel: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Content of the files of a wheel by name, and of those that describe it."""
    with zipfile.ZipFile(wheel) as file:
        every = {name: file.read(name) for name in file.namelist()}
    about = {name: data for name, data in every.items() if ".dist-info/" in name}
    return {name: data for name, data in every.items() if name not in about}, about


def compare(words: str, found: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    """What is missing, too much or different."""
    return [
        *(f"{words}: {name} is missing" for name in sorted(wanted.keys() - found.keys())),
        *(f"{words}: {name} does not belong there" for name in sorted(found.keys() - wanted.keys())),
        *(
            f"{words}: {name} differs"
            for name in sorted(found.keys() & wanted.keys())
            if found[name] != wanted[name]
        ),
    ]


def about_complaints(about: dict[str, bytes], licence: bytes) -> list[str]:
    """What the description of a wheel lacks."""
    names = {name.split(".dist-info/")[1]: data for name, data in about.items()}
    metadata = names["METADATA"].decode()
    found = []
    if licence not in names.values():
        found.append("wheel: the licence is missing")
    if "MIT" not in metadata.split("\n\n")[0]:
        found.append("wheel: METADATA names no licence")
    return found


def main(repository: str, direct: str, indirect: str, source: str) -> int:
    """Compare; 1 when anything is wrong."""
    root = Path(repository)
    wanted = expected(root)
    found, about = held(Path(direct))
    again, about_again = held(Path(indirect))
    wrong = compare("wheel", found, wanted) + compare("wheel from the source distribution", again, wanted)
    record = next(name for name in about if name.endswith("RECORD"))
    wrong += compare("description", {**about_again, record: b""}, {**about, record: b""})
    wrong += about_complaints(about, (root / "LICENSE").read_bytes())
    with tarfile.open(source) as file:
        names = {member.name.partition("/")[2] for member in file.getmembers() if member.isfile()}
    needed = {"LICENSE", "README.md", "setup.cfg", "pyproject.toml"}
    wrong += [f"source distribution: {name} is missing" for name in sorted(needed - names)]
    print(
        "\n".join(wrong)
        or f"{len(wanted)} files, the same in both wheels; {len(names)} in the source distribution"
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
