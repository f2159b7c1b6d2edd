"""The architecture and the package: who may import whom, and what is shipped."""

from __future__ import annotations

import ast
import configparser
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "siting"

LAYERS = (
    ("errors", "parallel", "compiled", "loading", "nested", "whole"),
    ("roads",),
    ("instance",),
    ("plan", "certificate"),
    ("response",),
    ("measures",),
    ("model",),
    ("problem",),
    ("result", "figures"),
    ("synthesis",),
    ("readers",),
    ("methods", "check", "report"),
    ("doctor",),
    ("restriction",),
    ("engine",),
    ("resolve",),
    ("studies", "conflict", "reasons"),
    ("writers",),
    ("reopen",),
    ("terminal",),
    ("cli_import", "cli_plan"),
    ("cli",),
    ("__main__",),
)
"""Lowest first; a module imports from lower layers and from its own part only."""

PEERS = {
    ("result", "figures"),
    ("result", "methods"),
    ("result", "resolve"),
    ("result", "studies"),
    ("result", "conflict"),
    ("result", "reasons"),
    ("result", "writers"),
    ("instance", "figures"),
}
"""Imports within a layer, or upward when a method is called, that are meant: importer, imported."""

CONFINED = {"pulp": {"measures", "methods"}, "highspy": {"methods"}, "rich": {"terminal", "cli"}}
"""Libraries, and the only parts that may import them when they run."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    """The file or folder directly under siting/ that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imports(path: Path) -> list[tuple[str, int, bool]]:
    """Dotted names a module imports, their line, and whether only a type checker sees them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, id(node) in guarded) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "siting" else [module]
            found += [(name, node.lineno, id(node) in guarded) for name in names]
    return found


def test_every_part_has_a_layer() -> None:
    parts = {part(path) for path in modules()} - {"__init__"}
    assert parts <= {name for layer in LAYERS for name in layer}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downward(path: Path) -> None:
    level = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    own = part(path)
    if own == "__init__":  # the public names come from everywhere below
        return
    wrong = []
    for name, line, typing_only in imports(path):
        root, _, rest = name.partition(".")
        if root == "siting" and rest:
            other = rest.split(".")[0]
            if other.startswith("__") or other == own or (own, other) in PEERS:
                continue
            if level[other] >= level[own] and not typing_only:
                wrong.append(f"{path}:{line} {own} must not import {name}")
        elif root in CONFINED and own not in CONFINED[root] and not typing_only:
            wrong.append(f"{path}:{line} {root} belongs into {', '.join(sorted(CONFINED[root]))} only")
    assert not wrong, "\n".join(wrong)


def test_exceptions_are_needed() -> None:
    """An import that is allowed upward and no longer made is allowed no longer."""
    level = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    made = {
        (part(path), name.split(".")[1])
        for path in modules()
        for name, _, typing_only in imports(path)
        if name.startswith("siting.") and not typing_only
    }
    assert made >= PEERS
    assert all(level[other] >= level[own] for own, other in PEERS)


def test_setup_lists_every_package() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = set(parser["options"]["packages"].split())
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    assert listed == found | {"siting.models", "siting.instances"}


def test_top_level_holds_nothing_else() -> None:
    allowed = {
        "README.md", "CHANGELOG.md", "LICENSE", "setup.cfg", "pyproject.toml", ".ci", ".git", ".gitignore",
        "models", "instances", "siting", "tests", "benchmarks",
    }  # fmt: skip
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}
    found = {path.name for path in ROOT.iterdir()}
    assert not {name for name in found - allowed if not any(Path(name).match(glob) for glob in ignored)}
