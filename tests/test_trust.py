"""siting opens no connection and starts no program: no module could, and no command does."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

REACHING_OUT = {
    "asyncio", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "ssl", "subprocess", "urllib",
    "urllib3", "webbrowser",
}  # fmt: skip

WATCHED = """
import sys
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "webbrowser.")):
        print("DONE", event, arguments, file=sys.__stderr__)
sys.addaudithook(watch)
from siting.__main__ import main
sys.argv = ["siting", *sys.argv[1:]]
main()
"""
"""The command, told of every connection and every program it starts."""


def test_no_module_could() -> None:
    files = sorted((ROOT / "siting").rglob("*.py"))
    assert len(files) > 100
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not REACHING_OUT & {name.split(".")[0] for name in names}, f"{path}:{node.lineno}"


@pytest.mark.parametrize("words", ["solve three_towns --out plan", "instances three_towns"])
def test_no_command_does(tmp_path: Path, words: str) -> None:
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WATCHED, *words.split()]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, env=surroundings
    )
    assert done.returncode == 0, done.stderr
    assert "DONE" not in done.stderr
