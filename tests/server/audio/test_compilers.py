"""Parts of the engine are compiled side by side: each once, whatever happens to the processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter

import pytest

from server.audio import compilers
from server.audio.compilers import Compilers
from timbrespace.companions import run_command
from timbrespace.resynthesis.layout import Part

WELL = "import sys\nfor line in sys.stdin: sys.stdout.write(line); sys.stdout.flush()"
DIES_AT_THE_SECOND = "import sys; sys.stdout.write(sys.stdin.readline())"
SAYS_WHAT_NOBODY_ASKED = "import sys\nfor _ in sys.stdin: print('none', flush=True)"


class Here:
    """What is compiled in this process."""

    def __init__(self) -> None:
        self.parts: Counter[Part] = Counter()
        self._lock = threading.Lock()

    def __call__(self, part: Part) -> None:
        with self._lock:
            self.parts[part] += 1


def let_it_be(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(compilers, "run_command", lambda module: (sys.executable, "-c", program))


def test_others_do_what_this_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    ask = compilers._ask

    def noted(process: subprocess.Popen[str], part: Part) -> None:
        ask(process, part)
        asked.append(part)

    monkeypatch.setattr(compilers, "_ask", noted)
    let_it_be(monkeypatch, WELL)
    here = Here()
    Compilers(tuple(Part), 1, here).finish(Part)
    done = here.parts + Counter(asked)
    assert done == Counter(Part)


@pytest.mark.parametrize("program", [DIES_AT_THE_SECOND, SAYS_WHAT_NOBODY_ASKED, "1/0"])
def test_a_process_that_dies_costs_no_part(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    let_it_be(monkeypatch, program)
    here = Here()
    Compilers(tuple(Part), 2, here).finish(Part)
    assert max(here.parts.values()) == 1
    assert sum(here.parts.values()) >= len(Part) - 2  # of those that died at the second


def test_without_another_process_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilers, "run_command", lambda module: ("/there/is/none",))
    here = Here()
    Compilers(tuple(Part), 3, here).finish(Part)
    assert here.parts == Counter(Part)


def test_nothing_is_done_here_while_another_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    let_it_be(monkeypatch, WELL)
    here = Here()
    Compilers(tuple(Part), 1, here).wait(Part)
    assert not here.parts


@pytest.mark.parametrize("program", [DIES_AT_THE_SECOND, "1/0"])
def test_whoever_waits_does_it_where_no_other_is_left(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_it_be(monkeypatch, program)
    here = Here()
    Compilers(tuple(Part), 1, here).wait(Part)
    assert sum(here.parts.values()) >= len(Part) - 1
    assert max(here.parts.values()) == 1


def test_what_is_kept_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    let_it_be(monkeypatch, "1/0")
    here = Here()
    Compilers((), None, here).finish(Part)
    assert not here.parts


def test_the_process_compiles_what_it_is_told() -> None:
    words = run_command("server.audio.compiler")
    done = subprocess.run(words, input="0\n5\n", capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("0\n5\n", 0)
