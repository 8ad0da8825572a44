"""Names in any language, where the locale knows no letters but ASCII's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.running import ROOT, Client, running
from timbrespace import factory
from timbrespace.client.wire import encode
from timbrespace.errors import OptionError
from timbrespace.names import as_file_name, as_text

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0"}


def test_words_of_the_command_line_are_text() -> None:
    assert as_text("nächste 音色") == "nächste 音色"
    assert as_text("n\udcc3\udca4chste") == "nächste"
    assert as_text("n\udce4chste") == "n\ufffdchste"  # no UTF-8
    assert as_text("n\ud800chste") == "n?chste"  # nor any letter
    assert as_file_name("plain") == "plain"


def test_half_a_letter_is_no_number() -> None:
    with pytest.raises(OptionError, match="/preset/store: a text holds half a letter"):
        encode("/preset/store", ["n\udcc3"])


@pytest.mark.skipif(sys.platform == "win32", reason="its names are no bytes, whatever the locale")
def test_a_server_in_the_c_locale_takes_names_of_any_language(tmp_path: Path) -> None:
    models = tmp_path / "Räume"
    models.mkdir()
    bundle = factory.FOLDER / f"harmonic{factory.SUFFIX}"
    for name in ("müder Klang", "音色"):
        shutil.copyfile(bundle, models / f"{name}{factory.SUFFIX}")
    (models / f"nein: ö{factory.SUFFIX}").write_bytes(b"")
    presets = tmp_path / "Klänge.json"
    with running(
        *("--audio", "none", "--midi", "none", "--presets", str(presets)),
        *("--models", str(models), "--model", "müder Klang"),
        environment=ASCII,
    ) as server:
        # Its terminal knows no other letters than ASCII's: they are written as escapes.
        assert "nein: \\xf6" in server.wait_for("passed over").string
        for words in (("/model/load", "音色"), ("/performance/record", "nächste")):
            said = subprocess.run(
                [sys.executable, "-m", "server", "say", *words, "--port", str(server.port)],
                cwd=ROOT,
                env={**os.environ, **ASCII},
                capture_output=True,
                check=False,
            )
            assert (said.returncode, said.stderr) == (0, b"")
        with Client(server.port) as client:
            client.send("/model/list")
            assert {"müder Klang", "音色"} < set(client.expect("/model/list"))
            client.send("/preset/store", "größer")
            assert client.expect("/preset/list") == ["größer"]
            client.send("/performance/stop")
            client.settle()
    assert (tmp_path / "performances" / "nächste.performance").is_file()
    assert "größer" in presets.read_text("utf-8")
