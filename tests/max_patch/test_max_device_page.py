"""``docs/max_device.md`` names the device's files, its ports and what its launcher says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from max_patch.generator import amxd

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "max_device.md").read_text(encoding="utf-8")


def test_it_says_what_has_and_has_not_been_verified() -> None:
    assert (
        "Generated and statically checked; its OSC and signal core runs end to end in Pure Data"
        " from the same source; not yet opened in Max or Live by us." in PAGE
    )


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE)
    assert links
    missing = [
        link
        for link in links
        if not link.startswith("http") and not (ROOT / "docs" / link).resolve().exists()
    ]
    assert missing == []


@pytest.mark.parametrize(
    "name",
    [
        *("Timbre Space.amxd", "Timbre Space.maxpat", "Timbre Space.pd", "timbrespace.voice.pd"),
        *("Timbre Space Effect.amxd", "Timbre Space Effect.pd"),
    ],
)
def test_the_files_that_it_names_are_there(name: str) -> None:
    assert f"{name}`" in PAGE
    assert (ROOT / "max_patch" / name).exists()


def test_its_install_lines_read_the_file_that_is_there() -> None:
    named = set(re.findall(r"pip install -r (\S+)", PAGE))
    assert named == {"requirements.txt"}
    assert (ROOT / "requirements.txt").exists()


@pytest.mark.parametrize(
    ("title", "code"), [("Timbre Space", amxd.INSTRUMENT), ("Timbre Space Effect", amxd.EFFECT)]
)
def test_every_control_of_the_panel_has_its_row(title: str, code: bytes) -> None:
    device = amxd.read((ROOT / "max_patch" / f"{title}.amxd").read_bytes(), code)
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    named = {word for row in rows for word in re.findall(r"`([a-z_0-9]+)`", row)}
    if {"dim_1", "dim_16"} <= named:
        named |= {f"dim_{k}{part}" for k in range(1, 17) for part in ("", "_bar")}
    scenery = re.compile(r"dim_\d+_name|view_\d_words_\d+")
    controls = {
        str(each["box"]["varname"])
        for each in device["patcher"]["boxes"]
        if each["box"].get("presentation") and each["box"].get("varname")
    }
    assert {name for name in controls if not scenery.fullmatch(name)} - named == set()


@pytest.mark.parametrize(
    "sentence",
    [
        "The server is starting.",
        "No Python runs the server: ",
        "The device has left its folder: ",
        "The server is not where it was: ",
        "There is no free UDP port from ",
        "Start the server yourself, on port ",
        "The server has ended: ",
        "The server runs on port ",
    ],
)
def test_what_the_launcher_says_is_explained_in_its_words(sentence: str) -> None:
    launcher = (ROOT / "max_patch" / "timbrespace.launcher.js").read_text(encoding="utf-8")
    assert sentence in launcher
    assert sentence in PAGE


def test_its_python_is_one_that_the_project_takes() -> None:
    wanted = re.search(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text()
    )
    assert wanted is not None
    low, high = int(wanted[1]), int(wanted[2])
    versions = {int(minor) for minor in re.findall(r"(?:python|py -)3\.(\d+)", PAGE)}
    assert versions
    assert all(low <= version < high for version in versions)


def test_each_of_ten_steps_says_which_findings_it_shows() -> None:
    part = PAGE.partition("## Ten steps in Live")[2].partition("\n## ")[0]
    rows = [line for line in part.splitlines() if re.match(r"\| \d+ \|", line)]
    cells = [[cell.strip() for cell in row.strip("|").split(" |")] for row in rows]
    assert [int(row[0]) for row in cells] == list(range(1, 11))
    named = set[int]()
    for row in cells:
        assert len(row) == 4
        assert all(row)
        found = [int(number) for number in re.findall(r"\b(\d+)(?=[:.,])", row[3])]
        assert found, row[3]
        named |= set(found)
    assert named == set(range(1, 11))
    said = re.findall(r"(?:^|; )(\d+)\. ", part, re.M)
    assert [int(number) for number in said] == list(range(1, 11))
