"""The pages agree with the code, their links lead somewhere, and no text names what should not be named."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

import pytest

import sufficiency
import sufficiency.assess
import sufficiency.run
from sufficiency.cli import _parser, main
from tests.end_to_end.commands import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted([CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")])
FOLDERS = ("sufficiency", "data", "docs", "tests", "notebooks")
FILES = ("README.md", "Makefile", "pyproject.toml", ".gitignore", "requirements.lock.txt", "requirements-test.lock.txt")
TEXTS = {".py", ".md", ".toml", ".csv", ".txt", ".html", ".css", ".js", ".j2", ".typ", ".ipynb", ""}
# What no committed text may hold: a developer's folders, the words of a workplace, and what was left to do.
FORBIDDEN = {
    "a folder of somebody's machine": r"(?<![\w.:/])/(?:home|Users|root|work|mnt)/\w",
    "a Windows folder of somebody's machine": r"\b[A-Z]:\\+Users\\+\w",
    "a number of an issue": r"\b[Ii]ssues? #?\d",
    "artificial help": r"\bA[I]\b|\b[Cc]hat[Gg][Pp][Tt]\b|\b[Cc]o[p]ilot\b",
    "what was left to do": r"\b(?:TO[D]O|FI[X]ME|X[X]X)\b",
}


def _commands() -> dict[str, argparse.ArgumentParser]:
    (choices,) = [action.choices for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(choices)


def _texts() -> list[Path]:
    found = [CHECKOUT / name for name in FILES if (CHECKOUT / name).exists()]
    for folder in FOLDERS:
        found += [path for path in (CHECKOUT / folder).rglob("*") if path.is_file() and path.suffix in TEXTS]
    return [path for path in found if "__pycache__" not in path.parts]


@pytest.mark.parametrize("name", ["data-dictionary.md", "assumptions.md"])
def test_a_generated_page_is_what_the_command_writes(name: str, tmp_path: Path) -> None:
    assert main(["docs", str(tmp_path)]) == 0
    assert (CHECKOUT / "docs" / name).read_text(encoding="utf-8") == (tmp_path / name).read_text(encoding="utf-8"), (
        "make docs writes it anew"
    )


def test_every_command_is_in_the_readme_and_every_command_of_the_readme_exists() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`|[\\/])sufficiency (\w+)", readme, flags=re.MULTILINE))
    commands = set(_commands())
    assert named <= commands
    assert commands - named <= {"docs"}, "a command for planners that the README does not name"


def test_options_in_the_readme_exist() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    known = {option for parser in _commands().values() for option in parser._option_string_actions}
    rows = [line for line in readme.splitlines() if "`sufficiency " in line]
    assert {option for row in rows for option in re.findall(r"--\w+", row)} <= known


def test_make_targets_in_the_readme_exist() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, flags=re.MULTILINE))
    assert set(re.findall(r"\bmake (\w+) ", readme)) & {"run", "test"} == {"run", "test"}
    assert set(re.findall(r"^make (\w+)", readme, flags=re.MULTILINE)) <= targets


def test_the_readme_s_example_uses_public_names() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"\bsf\.(\w+)", readme))
    assert used
    assert used <= set(sufficiency.__all__)


def test_every_public_name_is_there_however_it_was_reached() -> None:
    for name in sufficiency.__all__:
        assert callable(getattr(sufficiency, name)), name
    assert sufficiency.assess.__name__ == "assess"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("folder", ["sufficiency", "data", "notebooks", "tests", "docs"])
def test_paths_named_in_the_pages_exist(folder: str) -> None:
    for page in PAGES:
        for name in re.findall(rf"`({folder}/[\w./-]+)`", page.read_text(encoding="utf-8")):
            assert (CHECKOUT / name.rstrip("/")).exists() or name == "data/demand/demand.csv", f"{page.name}: {name}"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_committed_text_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in _texts():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(CHECKOUT)}: {match.group()!r}" for match in pattern.finditer(text)]
    assert not found, found[:10]


def test_the_locks_name_no_address() -> None:
    for name in ("requirements.lock.txt", "requirements-test.lock.txt"):
        text = (CHECKOUT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        assert "--hash=sha256:" in text
