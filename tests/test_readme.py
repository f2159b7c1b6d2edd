"""The README tells the truth: its commands run, its output comes out, its links lead somewhere.

Every block of it is a step of the section it stands in, and a section runs from top to bottom in a
folder of its own, where the instances and models of the clone are:

- ``console``: every line after a ``$`` runs; what stands below it must come out, ``...`` standing for any
  text;
- ``python``: runs, and prints what a ``text`` block right below it shows;
- ``csv FILE`` is written to that file, ``toml FILE`` added to its end;
- ``toml`` without a file goes below ``limits = [`` of the model file that was copied last.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import siting
from siting.cli import app
from siting.instance.settings import parse_settings
from siting.measures import MEASURES
from siting.readers import READERS
from tests import osm_files

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

NOT_RUN = {
    "pip install": "downloads; what is asked for is held against setup.cfg instead",
    ". .venv-solve": "the environment that the first command makes, and CI makes",
    "python -m tests.benchmarks": "takes up to two hours",
    "siting report plans/ukraine-max_coverage": "needs a minute of solving first, which CI does",
}
"""How lines begin that do not run here, and why."""

EXIT_CODES = {
    "siting solve three_towns --model min_travel_time --set budget=6": 3,
    "siting doctor three_towns --set budget=1": 1,
    "siting doctor liechtenstein": 1,
}
"""Of lines that do not end with 0; the stand-in for Liechtenstein's extract has a warning."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file after it, the heading above it, and its lines."""

    language: str
    file: str
    section: str
    text: str


def blocks_of(text: str) -> Iterator[Block]:
    """Every fenced block of the page, in order."""
    section = language = file = ""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("```") and language:
            yield Block(language, file, section, "\n".join(lines) + "\n")
            language = ""
        elif line.startswith("```"):
            language, _, file = line[3:].partition(" ")
            lines = []
        elif language:
            lines.append(line)
        elif line.startswith("#"):
            section = line.lstrip("# ")


BLOCKS = list(blocks_of(README))
SECTIONS = list(dict.fromkeys(one.section for one in BLOCKS if one.language in {"console", "python"}))


def command(name: str) -> str:
    """The one line that stands under a marker; .ci/run finds it the same way."""
    found = re.search(rf"<!-- command: {name} -->\n```sh\n([^\n]+)\n```", README)
    assert found, f"README.md has no command {name!r}"
    return found[1]


def text_block(begin: str) -> str:
    return next(one.text for one in BLOCKS if one.language == "text" and one.text.startswith(begin))


def console_lines() -> list[str]:
    return [
        line[2:].split("  #")[0].strip()
        for one in BLOCKS
        if one.language == "console"
        for line in one.text.splitlines()
        if line.startswith("$ ")
    ]


def assert_shown(shown: str, printed: str, where: str) -> None:
    """What is shown is what was printed; ``...`` stands for any text, on a line of its own for any lines."""
    lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
    parts = re.split(r"^\.\.\.$", shown.strip("\n"), flags=re.MULTILINE)
    groups = [part.strip("\n").splitlines() for part in parts]
    at = 0
    for number, group in enumerate(groups):
        patterns = [re.escape(line.rstrip()).replace(r"\.\.\.", ".*") for line in group]
        starts = range(at, len(lines) - len(group) + 1)
        if number == 0 and group:
            starts = starts[:1]
        found = (one for one in starts if all(map(re.fullmatch, patterns, lines[one:])))
        begin = next(found, None)
        assert begin is not None, f"{where} shows\n" + "\n".join(group) + f"\nand prints\n{printed}"
        at = begin + len(group)
    assert not groups[-1] or at == len(lines), f"{where} prints more than shown\n{printed}"


def run_console(block: Block) -> None:
    for step in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, shown = step.partition("\n")
        line = line.split("  #")[0].strip()
        if line.startswith(tuple(NOT_RUN)):
            continue
        if not line.startswith("siting "):
            subprocess.run(shlex.split(line), check=True)
            continue
        done = CliRunner().invoke(app, shlex.split(line)[1:])
        assert done.exit_code == EXIT_CODES.get(line, 0), f"{line}\n{done.output}"
        if shown.strip():
            assert_shown(shown, done.stdout or done.stderr, line)


def add_below_limits(text: str) -> None:
    """The new line of the model file that was copied last."""
    path = max(Path().glob("*.toml"), key=lambda one: one.stat().st_mtime_ns)
    before, found, after = path.read_text(encoding="utf-8").partition("limits   = [\n")
    assert found, path
    path.write_text(before + found + text + after, encoding="utf-8")


def stand_ins() -> None:
    """What a reader brings or downloads: the clone's folders, a map, a benchmark file."""
    for name in ("instances", "models"):
        Path(name).symlink_to(ROOT / name)
    nodes = [
        osm_files.village(1, 47.14, 9.52, name="Vaduz"),
        osm_files.village(2, 47.17, 9.51, name="Schaan"),
        osm_files.village(3, 47.22, 9.52, name="Ruggell"),
        (4, 47.1401, 9.5201, {"amenity": "fire_station"}),
    ]
    ways = [osm_files.road(9, [1, 2, 3], highway="primary")]
    path = osm_files.write(Path(), nodes, ways, name="small.osm")
    osm_files.convert(path, "liechtenstein-latest.osm.pbf")
    Path("pmed1.txt").write_text("4 4 1\n1 2 3\n2 3 4\n3 4 5\n4 1 6\n", encoding="utf-8")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_runs(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stand_ins()
    printed: str | None = None
    for block in (one for one in BLOCKS if one.section == section):
        if block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as stdout:
                exec(compile(block.text, "README.md", "exec"), {"__name__": "readme"})
            printed = stdout.getvalue()
            continue
        if block.language == "text" and printed is not None:
            assert_shown(block.text, printed, section)
        elif block.language == "console":
            run_console(block)
        elif block.language == "csv":
            Path(block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "toml" and block.file:
            with open(block.file, "a", encoding="utf-8") as file:
                file.write("\n" + block.text)
        elif block.language == "toml":
            add_below_limits(block.text)
        printed = None


def test_it_opens_with_two_commands() -> None:
    shells = [one.text.strip() for one in BLOCKS if one.language == "sh"]
    assert shells == [command("solve"), command("test")]
    assert README.index(command("test")) < 1000


def test_each_command_sets_itself_up() -> None:
    for name, extra in (("solve", "."), ("test", "'.[test]'")):
        create, install, run = command(name).split(" && ")
        folder = create.removeprefix("python3 -m venv ")
        assert (ROOT / ".gitignore").read_text(encoding="utf-8").find(".venv*") >= 0
        assert folder.startswith(".venv")
        assert install == f"{folder}/bin/pip install --quiet {extra}"
        assert run.startswith(f"{folder}/bin/")


def test_the_solve_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = shlex.split(command("solve").split(" && ")[-1])
    assert run[1:] == ["solve", "instances/ukraine"]
    (tmp_path / "instances").symlink_to(ROOT / "instances")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["solve", "instances/three_towns"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "plans" / "three_towns-max_coverage" / "sites.csv").exists()


def test_every_block_is_of_a_kind_that_is_looked_at() -> None:
    assert {one.language for one in BLOCKS} <= {"sh", "console", "python", "text", "toml", "csv"}


def test_what_does_not_run_is_there_and_installs_extras_there_are() -> None:
    lines = console_lines()
    for begin in NOT_RUN:
        assert any(line.startswith(begin) for line in lines), begin
    assert not EXIT_CODES.keys() - set(lines)
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    known = set(
        re.findall(r"^(\w+) =$", setup.split("[options.extras_require]")[1].split("\n[")[0], re.MULTILINE)
    )
    for extras in re.findall(r"'\.\[([\w,]+)\]'", README):
        assert set(extras.split(",")) <= known, extras
    assert not [line for line in lines if line.startswith("pip") and "'." not in line]


def test_usage_names_every_command_and_option() -> None:
    usage = text_block("siting solve INSTANCE")
    named = re.findall(r"^siting ([\w-]+)", usage, re.MULTILINE)
    assert {*named, "import"} == set(get_command(app).commands)  # type: ignore[attr-defined]
    for name in named:
        done = CliRunner().invoke(app, [name, "--help"])
        assert done.exit_code == 0
        options = set(re.findall(r"^  (--\w+)", done.stdout, re.MULTILINE))
        part = re.split(
            r"^siting ", usage[usage.index(f"siting {name} ") + 1 :], maxsplit=1, flags=re.MULTILINE
        )[0]
        assert options == set(re.findall(r"--\w+", part)), name


def test_usage_names_every_option_of_every_import() -> None:
    usage = text_block("siting import osm FILE")
    regional, benchmarks = usage.split("   all of these: ")
    everywhere = set(re.findall(r"--[\w-]+", benchmarks.split("   all kinds: ")[1]))
    common = set(re.findall(r"--[\w-]+", benchmarks.splitlines()[0])) | everywhere
    kinds = set()
    for part, more in ((regional, common), (benchmarks.partition("\n")[2], everywhere)):
        for line in part.split("siting import ")[1:]:
            kind, _, rest = line.partition(" ")
            kinds.add(kind)
            done = CliRunner().invoke(app, ["import", kind, "--help"])
            options = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", done.stdout, re.MULTILINE)) - {"--help"}
            listed = set(re.findall(r"--[\w-]+", rest.partition("   all")[0])) | more
            assert options == listed, kind
    assert kinds == READERS.keys() - {"folder"}


def test_catalogue_names_every_model_and_measure() -> None:
    catalogue = README.split("## Models\n")[1].split("\n## ")[0]
    for path in (ROOT / "models").glob("*.toml"):
        assert f"`{path.stem}`" in catalogue, path.stem
    for name in MEASURES:
        assert re.search(rf"\b{name}\b", catalogue), name


def test_every_key_of_the_settings_is_described() -> None:
    page = (ROOT / "instances" / "README.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    unknown = {"zzz": 1}
    raw = unknown | {
        name: {"one": unknown} for name in ("services", "types", "scenarios", "periods")
    } | {"travel": unknown, "sources": [unknown]}  # fmt: skip
    said = [str(one) for one in parse_settings(raw)[1] if "zzz" in str(one)]
    assert len(said) == 7
    for line in said:
        for key in line.split("known are ")[1].split(", "):
            assert re.search(rf"\b{key}\b", example), line


def test_python_functions_are_public() -> None:
    for name in re.findall(r"`siting\.(\w+)", README):
        assert name in siting.__all__ or (ROOT / "siting" / name).exists(), name


def anchors(page: str) -> set[str]:
    """Of the headings of a page, as they are linked to."""
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        file, _, anchor = target.partition("#")
        if not target.startswith("https://"):
            path = ROOT / (file or "README.md")
            assert path.exists(), target
            assert not anchor or anchor in anchors(path.read_text(encoding="utf-8")), target


def test_exit_codes_are_those_of_the_command() -> None:
    from siting.terminal import streams
    from siting.terminal.interrupt import ABORTED

    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert listed == {
        streams.DELIVERED,
        streams.FAILED,
        streams.BAD_INPUT,
        streams.INFEASIBLE,
        streams.NO_PLAN,
        ABORTED,
    }


def test_every_measured_figure_is_filled_in() -> None:
    assert "MEASURE" not in README
    names = re.findall(r"<!-- measured: (\w+) -->", README)
    assert names
    assert len(names) == README.count("<!-- end of measured -->")
