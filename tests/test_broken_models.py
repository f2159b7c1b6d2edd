"""Every malformed model file gives its complete list of complaints; one file per message."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from siting.cli import app
from siting.errors import ModelError
from siting.model import load_model

FOLDER = Path(__file__).parent / "broken_models"
CASES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_complaints_are_complete_and_exact(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(ModelError) as caught:
        load_model(path.name)
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert [str(complaint) for complaint in caught.value.complaints] == expected


def test_every_message_has_a_file() -> None:
    """Each complaining call of the reader shows in some expected text."""
    said = "\n".join(path.with_suffix(".txt").read_text(encoding="utf-8") for path in CASES)
    for part in (
        "unknown key", "must be there, as text", "must be a list of tables", "with unit and about",
        "must be a number, found", "must be one of", "exactly one of maximize and minimize",
        "must have at_most or at_least", "knows type", "unknown measure", "must be a table such as",
        "unknown parameter", "model files know no operators", "its relaxation is exact only",
        "is not valid TOML", "cannot be read as UTF-8", "an id or a list of ids", "must be a table, found",
        "must be there:", "must be >=", "may differ by", "is one number for all", "[minutes, value] pairs",
        "minutes must increase", "values must be >= 0", "increases with time", "this one falls",
        "the limit needs each", "must be of scenario, period", "under serve =", "under standard =",
        "beside standard =", "no linear function of who serves", "closes nothing unless", "apart unless",
        "for each period unless", "period by period",
    ):  # fmt: skip
        assert part in said, part


def test_the_command_line_lists_them_and_writes_nothing(tmp_path: Path) -> None:
    model = FOLDER / "operator.toml"
    out = tmp_path / "plan"
    done = CliRunner().invoke(app, ["solve", "three_towns", "--model", str(model), "--out", str(out)])
    assert done.exit_code == 2
    assert "operator.toml:5" in done.stderr
    assert not out.exists()
