"""Solutions that other solvers find of exported programs, read back as checked plans."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import highspy
import pandas as pd
import pulp
import pytest

import siting
from siting.check import check_folder
from siting.errors import ModelError, PlanError
from siting.instance import Instance
from siting.result import Result
from siting.writers.export import export
from tests.catalogue.questions import Question
from tests.test_catalogue_brute_force import NAMES

CBC = pulp.PULP_CBC_CMD().path

GUROBI = """\
# Solution for model obj
# Objective value = 44700
aux.z0 1
constant 1
open.lypa.fire_department 0
open.lypa.security_center 1
open.dub.fire_department 9.9999999999e-01
open.verba.fire_department 0
open.verba.security_center -1e-12
open.sosna.fire_department 0
open.kalyna.security_center 0
open.malva.fire_department 0
"""

SCIP = """\
solution status: optimal solution found
objective value:                                44700
open.dub.fire_department                            1 \t(obj:0)
open.lypa.security_center                           1 \t(obj:0)
aux.z9                                              1 \t(obj:6000)
constant                                            1 \t(obj:9000)
"""

CBC_TEXT = """\
Optimal - objective value 44700.00000000
      0 aux.z0                                    1                    5000
     12 open.lypa.security_center                 1                       0
**   13 open.dub.fire_department                  1                       0
"""

CPLEX = """\
<?xml version = "1.0" encoding="UTF-8" standalone="yes"?>
<CPLEXSolution version="1.2">
 <header problemName="plan.lp" solutionName="incumbent" solutionIndex="-1" objectiveValue="44700"
   solutionTypeValue="3" solutionTypeString="primal" solutionStatusValue="101"
   solutionStatusString="integer optimal solution" solutionMethodString="mip" primalFeasible="1"
   dualFeasible="1" MIPNodes="0" MIPIterations="9" writeLevel="1"/>
 <quality epInt="1e-05" epRHS="1e-06" maxIntInfeas="0" maxPrimalInfeas="0" maxX="44700"/>
 <linearConstraints>
  <constraint name="c1" index="0" slack="0"/>
 </linearConstraints>
 <variables>
  <variable name="aux.z0" index="0" value="1"/>
  <variable name="constant" index="1" value="1"/>
  <variable name="open.lypa.fire_department" index="2" value="0"/>
  <variable name="open.lypa.security_center" index="3" value="1"/>
  <variable name="open.dub.fire_department" index="4" value="0.99999999999"/>
  <variable name="open.verba.fire_department" index="5" value="-0"/>
  <variable name="open.verba.security_center" index="6" value="0"/>
  <variable name="open.sosna.fire_department" index="7" value="0"/>
  <variable name="open.kalyna.security_center" index="8" value="0"/>
  <variable name="open.malva.fire_department" index="9" value="0"/>
 </variables>
</CPLEXSolution>
"""
"""The layout that CPLEX documents for its solution files, written by hand."""

TABLE = "name,value\nopen.lypa.security_center,1\nopen.dub.fire_department,1.0\n"


@pytest.fixture(scope="module")
def towns(three_towns: Instance) -> Result:
    return siting.solve(three_towns, "max_coverage")


def by_highs(file: Path, solution: Path) -> Path:
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.readModel(str(file))
    model.run()
    model.writeSolution(str(solution), 0)
    return solution


def by_cbc(file: Path, solution: Path) -> Path:
    words = [CBC, str(file), "-ratio", "0", "-sec", "20", "-solve", "-solu", str(solution)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return solution


def put(folder: Path, text: str, name: str = "plan.sol") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize("name", NAMES)
def test_native_solutions_pass_the_check(name: str, tmp_path: Path) -> None:
    for seed in (303, 306):
        question = Question(name, seed)
        result = siting.solve(
            question.instance, question.model, numbers=question.given(), seconds=30, threads=1
        )
        if result.plan is None:
            continue
        kind = "lp" if seed % 2 else "mps"
        first = export(result, kind, tmp_path / f"plan.{kind}")
        for number, told in enumerate(result.achieved):
            file = first if number == 0 else tmp_path / f"plan.{number + 1}.{kind}"
            for solve in (by_highs, by_cbc):
                report = check_folder(
                    question.instance, solve(file, tmp_path / "a.sol"), question.model, question.given()
                )
                assert (report.findings, report.notes) == ((), ()), (seed, number, solve)
                value = report.figures["objectives"][number]["value"]
                assert value == pytest.approx(told.value, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("text", [GUROBI, SCIP, CBC_TEXT, CPLEX])
def test_every_solver_is_understood(text: str, towns: Result, tmp_path: Path) -> None:
    report = check_folder(towns.problem.instance, put(tmp_path, text), "max_coverage")
    assert report.ok
    assert not report.notes
    assert [goal["value"] for goal in report.figures["objectives"]] == [44_700, 833_200]


def test_a_table_of_names_and_values_is_understood(towns: Result, tmp_path: Path) -> None:
    for name in ("solution.csv", "plan.csv"):
        report = check_folder(towns.problem.instance, put(tmp_path, TABLE, name), "max_coverage")
        assert report.ok
        assert report.figures["objective"] == 44_700
    over = put(tmp_path, TABLE, "plan.csv")
    report = check_folder(towns.problem.instance, over, "max_coverage", {"new.security_center": 0})
    assert report.findings == ("limit sites_open [security_center] <= 0 sites: 1 is 1 too much",)


def test_numbers_belong_to_a_file_alone(towns: Result, tmp_path: Path) -> None:
    folder = siting.write(towns, tmp_path / "plan")
    with pytest.raises(ModelError, match="brings its own"):
        check_folder(towns.problem.instance, folder, None, {"budget": 5})
    sites = folder / "sites.csv"
    assert check_folder(towns.problem.instance, sites, "max_coverage").ok
    assert not check_folder(towns.problem.instance, sites, "max_coverage", {"budget": 5}).ok


def complaints(towns: Result, path: Path) -> list[str]:
    with pytest.raises(PlanError) as caught:
        check_folder(towns.problem.instance, path, "max_coverage")
    return [str(one).removeprefix(str(path)) for one in caught.value.complaints]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("open.dub.fire", "open.dubb.fire",
         [":7 name: 'open.dubb.fire_department' is no variable of the question; did you mean "
          "'open.dub.fire_department'?", " name: the variable open.dub.fire_department is missing"]),
        ("9.9999999999e-01", "0.99999",
         [":7 value: '0.99999' of open.dub.fire_department is not whole, within 1e-06, or < 0"]),
        ("9.9999999999e-01", "-1",
         [":7 value: '-1' of open.dub.fire_department is not whole, within 1e-06, or < 0"]),
        ("9.9999999999e-01", "one",
         [":7 value: 'one' is no number; expected: name and value",
          ":7 value: 'one' of open.dub.fire_department is not whole, within 1e-06, or < 0"]),
        ("open.malva.fire_department 0\n", "",
         [" name: the variable open.malva.fire_department is missing"]),
        ("open.malva", "open.dub",
         [":12 name: 'open.dub.fire_department' is there already, on line 7",
          " name: the variable open.malva.fire_department is missing"]),
        ("# Solution for model obj", "Solution",
         [":1: 'Solution' begins no solution of HiGHS, Gurobi, SCIP, CBC or CPLEX"]),
        ("aux.z0 1", "aux.z0",
         [":3 value: '' is no number; expected: name and value"]),
        ("aux.z0 1", "serve.0.1 1",
         [":3 name: 'serve.0.1' is no variable of the question"]),
    ],
)  # fmt: skip
def test_what_is_no_solution_is_refused(
    old: str, new: str, told: list[str], towns: Result, tmp_path: Path
) -> None:
    assert complaints(towns, put(tmp_path, GUROBI.replace(old, new, 1))) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("open.dub.fire", "open.dubb.fire",
         [":16 name: 'open.dubb.fire_department' is no variable of the question; did you mean "
          "'open.dub.fire_department'?", " name: the variable open.dub.fire_department is missing"]),
        ('value="0.99999999999"', "",
         [":16 value: '' is no number; expected: name and value",
          ":16 value: '' of open.dub.fire_department is not whole, within 1e-06, or < 0"]),
        ("<CPLEXSolution ", "<!DOCTYPE CPLEXSolution>\n<CPLEXSolution ",
         [": holds a document type or entities, which are not read: write it without"]),
        ("<CPLEXSolution ", '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]>\n<CPLEXSolution ',
         [": holds a document type or entities, which are not read: write it without"]),
        (" <variables>", " <variables",
         [": is not valid XML: not well-formed (invalid token): line 12, column 2"]),
        ("integer optimal solution", "integer infeasible",
         [": holds no solution: infeasible"]),
        ("</CPLEXSolution>", "", [": is not valid XML: no element found: line 24, column 0"]),
    ],
)  # fmt: skip
def test_broken_xml_is_refused(old: str, new: str, told: list[str], towns: Result, tmp_path: Path) -> None:
    assert complaints(towns, put(tmp_path, CPLEX.replace(old, new, 1))) == told


def test_xml_of_anything_else_or_of_several_solutions_is_refused(towns: Result, tmp_path: Path) -> None:
    assert complaints(towns, put(tmp_path, "<svg/>")) == [": holds 0 solutions of CPLEX, expected one"]
    _, _, body = CPLEX.partition("\n")
    pool = f"<CPLEXSolutions>{body}{body}</CPLEXSolutions>"
    assert complaints(towns, put(tmp_path, pool)) == [": holds 2 solutions of CPLEX, expected one"]


def test_tables_that_list_zeros_list_everything(towns: Result, tmp_path: Path) -> None:
    path = put(tmp_path, TABLE + "open.malva.fire_department,0\n", "plan.csv")
    assert len(complaints(towns, path)) == 5


def test_files_of_highs_are_whole_or_refused(towns: Result, tmp_path: Path) -> None:
    solution = by_highs(export(towns, "lp", tmp_path / "plan.lp"), tmp_path / "a.sol")
    text = solution.read_text(encoding="utf-8")
    assert check_folder(towns.problem.instance, solution, "max_coverage").ok
    lines = text.splitlines(keepends=True)
    cut = "".join(line for line in lines if not line.startswith("open.malva"))
    assert complaints(towns, put(tmp_path, cut)) == [
        ": 18 columns are listed, but 19 announced: the file is damaged"
    ]
    none = text.replace("Feasible", "Infeasible", 1)
    assert "holds no feasible solution" in complaints(towns, put(tmp_path, none))[0]
    assert "None" in complaints(towns, put(tmp_path, "Model status\nInfeasible\n\n"
                                           "# Primal solution values\nNone\n"))[0]  # fmt: skip


@pytest.mark.parametrize("head", ["Infeasible - objective value 3.0", "no solution available"])
def test_files_without_a_solution_are_refused(head: str, towns: Result, tmp_path: Path) -> None:
    assert "holds no solution" in complaints(towns, put(tmp_path, head + "\n"))[0]


def test_missing_files_are_told(towns: Result, tmp_path: Path) -> None:
    assert complaints(towns, tmp_path / "gone.sol") == [": the file is missing"]


def test_another_choice_breaks_limits_or_the_claim(towns: Result, tmp_path: Path) -> None:
    instance = towns.problem.instance
    more = SCIP + "open.kalyna.security_center 1\n"
    findings = check_folder(instance, put(tmp_path, more), "max_coverage").findings
    assert any("sites_open [security_center] <= 1" in one and "1 too much" in one for one in findings)
    assert any("cost <= 10" in one for one in findings)
    fewer = SCIP.replace("open.dub.fire_department", "open.malva.fire_department")
    (finding,) = check_folder(instance, put(tmp_path, fewer), "max_coverage").findings
    assert re.search("the solver's file says 44700, recomputed .* worse", finding)


def test_a_claim_short_of_the_plan_is_a_note_unless_it_is_called_optimal(
    towns: Result, tmp_path: Path
) -> None:
    instance = towns.problem.instance
    short = GUROBI.replace("44700", "40000")
    report = check_folder(instance, put(tmp_path, short), "max_coverage")
    assert report.ok
    assert "which is 4700 better" in report.notes[0]
    assert "note: objective people_within" in report.text()
    called = SCIP.replace("44700", "40000")
    assert not check_folder(instance, put(tmp_path, called), "max_coverage").ok


def test_who_serves_whom_is_taken_from_the_solution(tmp_path: Path) -> None:
    for name in ("capacitated_coverage", "capacitated_median"):
        tried = 0
        for seed in range(300, 320):
            question = Question(name, seed)
            numbers = question.given()
            result = siting.solve(question.instance, question.model, numbers=numbers, seconds=30, threads=1)
            if result.plan is None:
                continue
            solution = by_highs(export(result, "lp", tmp_path / "plan.lp"), tmp_path / "a.sol")
            assert check_folder(question.instance, solution, question.model, numbers).ok
            text = solution.read_text(encoding="utf-8")
            served = re.findall(r"^(serve\.(\d+)\.\d+) 1$", text, re.MULTILINE)
            if not served:
                continue
            tried += 1
            words = f"{served[0][0]} 1\n"
            idle = put(tmp_path, text.replace(words, words.replace(" 1", " 0"), 1))
            assert not check_folder(question.instance, idle, question.model, numbers).ok
            if tried == 2:
                break
        assert tried == 2


def test_names_follow_from_the_instance(towns: Result, tmp_path: Path) -> None:
    """Ids that are alike once their letters are plain, and long ones, have names of their own."""
    ids = ["київ", "львів", "a b", "a-b", "x" * 300, "x" * 300 + "y", "plain_1"]
    instance = Instance.from_frames(
        places=pd.DataFrame({"place_id": ids, "name": ids, "population": 10, "kind": "town",
                             "lat": 48.0, "lon": [30 + n / 10 for n in range(7)]}),
        candidates=pd.DataFrame({"site": ids, "type": "station", "cost": 1.0}),
        od=pd.DataFrame([(a, b, 0.0 if a == b else 60.0) for a in ids for b in ids],
                        columns=["from", "to", "minutes"]),
        settings={
            "name": "odd", "currency": "EUR",
            "services": {"fire": {"weight": 1.0, "standard": {"town": 6}}},
            "types": {"station": {"provides": {"fire": 1.0}, "new": 3}},
            "parameters": {"budget": 9.0},
        },
    )  # fmt: skip
    result = siting.solve(instance, "max_coverage")
    for kind in ("lp", "mps"):
        file = export(result, kind, tmp_path / f"plan.{kind}")
        for solve in (by_highs, by_cbc):
            report = check_folder(instance, solve(file, tmp_path / "a.sol"), "max_coverage")
            assert report.ok
            assert report.figures["objective"] == 30
    names = pd.read_csv(tmp_path / "plan.names.csv")
    assert names["name"].is_unique
    assert names["name"].str.len().max() < 100
    assert "open.plain_1.station" in set(names["name"])
