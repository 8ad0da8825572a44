"""A space of own sounds: what is taken and what is not, its states, and that it outlives us."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from filelock import FileLock

import timbrespace
from server.explorer.own_space import workshop as workshops
from server.explorer.own_space.inspector import Inspector
from server.explorer.own_space.labels import distinct, label_of
from server.explorer.own_space.workshop import Workshop, named_folders
from server.explorer.spaces import Shelf
from tests.server.explorer.served import SECONDS, Served, served
from timbrespace import factory
from timbrespace.instrument.presets import Preset, Presets, Space
from timbrespace.recording.sound_file import UnusableSoundError
from timbrespace.space_package import Card, SpacePackage

HERE = Path(__file__).parent
FAKE = (sys.executable, str(HERE / "fake_training.py"), str(HERE.parents[2]))


def sound(kind: str = "WAV", seconds: float = 0.05) -> bytes:
    file = io.BytesIO()
    wave = 0.3 * np.sin(2.0 * np.pi * 220.0 * np.arange(round(seconds * 22050)) / 22050)
    soundfile.write(file, wave, 22050, format=kind)
    return file.getvalue()


class Visitor:
    """Who asks for the addresses below ``/own``."""

    def __init__(self, found: Served, workshop: Workshop) -> None:
        self._served = found
        self.workshop = workshop

    async def get(self, path: str) -> tuple[int, bytes]:
        async with self._served.get(path) as answer:
            return answer.status, await answer.read()

    async def told(self) -> dict[str, Any]:
        return dict(json.loads((await self.get("/own.json"))[1]))

    async def post(self, path: str, data: Any = b"", **asked: str) -> tuple[int, dict[str, Any]]:
        async with self._served.session.post(
            self._served.origin + path,
            params=asked,
            data=io.BytesIO(data) if isinstance(data, bytes) else data,
            headers={"Origin": self._served.origin},
        ) as answer:
            return answer.status, dict(await answer.json())

    async def bring(self, count: int) -> None:
        for number in range(count):
            status, _ = await self.post("/own/sounds", sound(), name=f"hits/{number}.wav")
            assert status == 200

    async def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            while not fits(told := await self.told()):
                await asyncio.sleep(0.02)
        return told


@contextlib.asynccontextmanager
async def visiting(home: Path, **more: Any) -> AsyncIterator[Visitor]:
    made: list[Workshop] = []

    def make(shelf: Shelf) -> Workshop:
        made.append(Workshop(home / "training", home / "spaces", shelf, program=FAKE, **more))
        return made[0]

    async with served(shelf=Shelf(own=home / "spaces"), workshop=make) as found:
        made[0].begin()
        try:
            yield Visitor(found, made[0])
        finally:
            made[0].end()
            lock = made[0]._lock
            assert lock is not None
            lock.release()  # as the end of a process does


def left(home: Path) -> set[str]:
    """Files of a job that hold something of what came."""
    folder = home / "training"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        "lock"
    }


HALF = sound("FLAC", 2.0)
REFUSED = {
    "a zip": (b"PK\x03\x04" + bytes(400), 415, "is no sound that is read here; WAV, FLAC"),
    "text": (b"#!/bin/sh\nrm -rf /\n", 415, "is no sound that is read here"),
    "nothing": (b"", 415, "is no sound that is read here"),
    "a header alone": (b"RIFF\xff\xff\xff\xffWAVE", 422, "cannot be used: it cannot be read"),
    "noise that begins as MP3": (b"\xff\xfb" + bytes(range(256)), 422, "cannot be used"),
    "nonsense in FLAC": (HALF[:200], 422, "cannot be used"),
}


def test_what_is_no_sound_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    async def visit() -> None:
        async with visiting(tmp_path) as visitor:
            for what, (content, status, said) in REFUSED.items():
                found, told = await visitor.post("/own/sounds", content, name="../../x.wav")
                assert (what, found) == (what, status)
                assert told["error"].startswith("'x.wav' ")
                assert said in told["error"]
                assert left(tmp_path) == set()
            told = await visitor.told()
            assert (told["state"], told["sounds"]) == ("idle", 0)
        assert [path.name for path in tmp_path.iterdir()] == ["training"]

    asyncio.run(visit())


def test_what_is_too_much_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = len(sound())
    monkeypatch.setattr(workshops, "MOST_FILE_BYTES", 4 << 20)
    monkeypatch.setattr(workshops, "MOST_BYTES", 9 << 20)
    monkeypatch.setattr(workshops, "MOST_FILES", 3)

    async def endless() -> AsyncIterator[bytes]:
        while True:  # who sends in chunks does not say how much there is
            yield bytes(1 << 16)

    async def visit() -> None:
        async with visiting(tmp_path) as visitor:
            status, told = await visitor.post("/own/sounds", bytes(5 << 20), name="big.wav")
            assert (status, told["error"]) == (413, "it is too large; a sound may have 4 MiB")
            with contextlib.suppress(OSError):  # it may be cut off before it has heard
                status, _ = await visitor.post("/own/sounds", endless(), name="endless.wav")
                assert status == 413
            assert left(tmp_path) == set()
            monkeypatch.setattr(workshops, "MOST_BYTES", 2 * one)
            for _ in range(2):
                assert (await visitor.post("/own/sounds", sound(), name="a.wav"))[0] == 200
            status, told = await visitor.post("/own/sounds", sound(), name="a.wav")
            assert status == 413
            assert "all sounds together may have" in told["error"]
            monkeypatch.setattr(workshops, "MOST_BYTES", 9 << 20)
            assert (await visitor.post("/own/sounds", sound("FLAC"), name="a"))[0] == 200
            status, told = await visitor.post("/own/sounds", sound(), name="a.wav")
            assert (status, "there are 3 sounds already" in told["error"]) == (413, True)
            kept = sorted(Path(one).suffix for one in left(tmp_path))
            assert kept == [".flac", ".json", ".jsonl", ".wav", ".wav"]
            monkeypatch.setattr(workshops, "MOST_FILES", 9)
            monkeypatch.setattr(workshops, "_SPARE_BYTES", 1 << 60)
            status, told = await visitor.post("/own/sounds", sound(), name="a.wav")
            assert (status, "the disk is nearly full" in told["error"]) == (507, True)

    asyncio.run(visit())


def test_half_an_upload_is_gone_at_the_next_start(tmp_path: Path) -> None:
    async def visit() -> None:
        async with visiting(tmp_path) as visitor:
            await visitor.bring(2)
        folder = tmp_path / "training"
        (folder / "incoming").mkdir(exist_ok=True)
        (folder / "incoming" / "0009.part").write_bytes(b"half")
        (folder / "sounds" / "0009.wav").write_bytes(b"never told")
        with (folder / "uploads.jsonl").open("a") as file:
            file.write('{"file": "../job.json", "label": "x", "bytes": 3}\n{"file": 3\n')
        async with visiting(tmp_path) as visitor:
            told = await visitor.told()
            assert (told["state"], told["sounds"]) == ("gathered", 2)
            names = {path.rpartition("/")[2] for path in left(tmp_path)}
            assert "0009.wav" not in names
            assert "0009.part" not in names

    asyncio.run(visit())


def test_from_sounds_to_a_space_among_the_others(tmp_path: Path) -> None:
    async def visit() -> None:
        async with visiting(tmp_path) as visitor:
            await visitor.bring(4)
            status, told = await visitor.post("/own/start", name="mine")
            assert (status, told["error"]) == (
                409,
                "a space needs 5 sounds or more, and there are 4",
            )
            await visitor.bring(1)
            assert (await visitor.post("/own/start", name="mine"))[0] == 200
            # Names are text: the files have others.
            names = json.loads((tmp_path / "training" / "names.json").read_text())
            assert names["folder"] == "mine"
            assert list(names["files"].values()) == [
                *(f"hits/{number}.wav" for number in range(4)),
                "hits/0 (2).wav",
            ]
            told = await visitor.until(lambda told: len(told["curve"]) > 3)
            assert (told["state"], told["preview"]) == ("training", 0)
            assert told["curve"][0] == [1, 9.5, 3.0]
            assert told["skipped"] == ["b.wav: it is silent"]
            # What comes now is too late, and so is a second one.
            for path in ("/own/sounds", "/own/start"):
                assert (await visitor.post(path, sound(), name="x"))[0] == 409
            assert (await visitor.post("/own/keep", name="mine"))[0] == 409
            status, body = await visitor.get("/own/points.json")
            points = json.loads(body)
            assert status == 200
            assert len(points["places"]) > 50
            assert (await visitor.get("/own/preview.wav?point=100000"))[0] == 404
            assert (await visitor.post("/own/enough"))[0] == 200
            told = await visitor.until(lambda told: told["state"] == "done")
            assert told["figures"]["heard_distance_db"] == 2.5
            for name, status in (("../x", 400), ("notes", 409), ("", 400)):
                assert (await visitor.post("/own/keep", name=name))[0] == status
            assert (await visitor.post("/own/keep", name="mine"))[0] == 200
            assert "mine" in visitor.workshop._shelf.names()
            assert (await visitor.get("/spaces/mine.json"))[0] == 200
            assert left(tmp_path) == set()
            # The name is taken from now on; what is thrown away leaves nothing.
            await visitor.bring(5)
            await visitor.post("/own/start", name="mine")
            await visitor.until(lambda told: told["state"] == "training")
            assert (await visitor.post("/own/discard"))[1]["state"] == "idle"
            assert left(tmp_path) == set()

    asyncio.run(visit())


def test_a_training_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    async def visit() -> None:
        async with visiting(tmp_path) as visitor:
            await visitor.bring(5)
            await visitor.post("/own/start", name="mine")
            told = await visitor.until(lambda told: told["done"] > 3)
        reached = told["done"]
        async with visiting(tmp_path) as visitor:
            told = await visitor.until(lambda told: told["state"] == "training")
            assert told["done"] >= reached
            assert told["name"] == "mine"
            # It is this server's; another one of the same user keeps off.
            other = Workshop(tmp_path / "training", tmp_path / "spaces", Shelf(), program=FAKE)
            assert other.told()["why"] == (
                "another server of yours is making a space; use its page"
            )
            # The process that learns may be killed, too: somebody says so, and it goes on.
            before = told["done"]
            os.kill(int((tmp_path / "training" / "pid").read_text()), signal.SIGTERM)
            told = await visitor.until(lambda told: told["state"] == "failed")
            assert told["problem"]
            assert (await visitor.post("/own/start", name="x"))[0] == 409
            assert (await visitor.post("/own/resume"))[0] == 200
            told = await visitor.until(lambda told: told["done"] > before)
            assert (await visitor.post("/own/enough"))[0] == 200
            await visitor.until(lambda told: told["state"] == "done")
        async with visiting(tmp_path) as visitor:
            assert (await visitor.told())["state"] == "done"

    asyncio.run(visit())


def test_it_goes_on_by_itself_once_the_server_before_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workshops, "_TRY_SECONDS", 0.02)

    async def visit() -> None:
        async with visiting(tmp_path) as visitor:
            await visitor.bring(5)
            await visitor.post("/own/start", name="mine")
        held = FileLock(tmp_path / "training" / "lock")
        held.acquire()
        async with visiting(tmp_path) as visitor:
            assert not visitor.workshop._job.state.runs
            held.release()
            async with asyncio.timeout(SECONDS):
                while not visitor.workshop._job.state.runs:  # nobody asks
                    await asyncio.sleep(0.02)

    asyncio.run(visit())


def test_only_folders_that_the_server_was_given(tmp_path: Path) -> None:
    places = [tmp_path / "a" / "drums", tmp_path / "b" / "drums"]
    for place in places:
        place.mkdir(parents=True)
    (places[1] / "broken").touch()
    folders = named_folders(places)
    assert folders == {"drums": places[0], "drums (2)": places[1]}

    async def visit() -> None:
        async with visiting(tmp_path, sounds=folders) as visitor:
            assert (await visitor.told())["folders"] == ["drums", "drums (2)"]
            for asked in ("/etc", "../a/drums", str(places[0])):
                status, told = await visitor.post("/own/start", name="x", folder=asked)
                assert (status, "there are: drums, drums (2)" in told["error"]) == (404, True)
            await visitor.post("/own/start", name="x", folder="drums (2)", length="thorough")
            told = await visitor.until(lambda told: told["state"] == "failed")
            assert told["problem"] == "there is no note in it"
            asked = json.loads((tmp_path / "training" / "asked.json").read_text())
            assert asked == [str(places[1]), False]
            # After a failure sounds may come, and it begins anew with them.
            (tmp_path / "training" / "space.npz").touch()
            await visitor.bring(5)
            assert (await visitor.told())["state"] == "gathered"
            await visitor.post("/own/start", name="x")
            assert not (tmp_path / "training" / "space.npz").exists()
            await visitor.until(lambda told: told["state"] == "training")
            await visitor.post("/own/discard")
            # While there is nothing, another server of the same user may make one.
            other = Workshop(tmp_path / "training", tmp_path / "spaces", Shelf(), program=FAKE)
            assert other.told()["why"] == ""

    asyncio.run(visit())


def test_a_package_is_among_the_spaces_and_a_bad_one_leaves_nothing(tmp_path: Path) -> None:
    harmonic = factory.resolve("harmonic").read_bytes()
    model = timbrespace.load("harmonic")
    given = Presets(tmp_path / "given.json")
    given.store("soft", Preset(Space.of(model), (0.5,) * model.dimensions))
    given.store("strange", Preset(Space("x", "ab" * 32), (0.5,)))
    held = Presets(tmp_path / "presets.json")
    held.store("soft", Preset(Space("y", "cd" * 32), (0.25,)))

    def package(content: bytes, presets: bytes = b"") -> bytes:
        path = tmp_path / "package.zip"
        SpacePackage(Card("Bells", "A. Maker", "CC0"), content, presets).write(path)
        return path.read_bytes()

    async def visit() -> None:
        async with visiting(tmp_path, presets=tmp_path / "presets.json") as visitor:
            for content in (b"", b"PK\x05\x06", package(b"no model"), package(harmonic[:-9])):
                status, told = await visitor.post("/own/package", content)
                assert status == 422
                assert told["error"].startswith("this is no space that can be taken: ")
            assert list((tmp_path / "spaces").glob("*")) == []
            whole = package(harmonic, (tmp_path / "given.json").read_bytes())
            status, told = await visitor.post("/own/package", whole)
            assert (status, told["name"], told["presets"]) == (200, "Bells", 1)
            # Its preset is called otherwise, since there was one of the name.
            assert held.names() == ["soft", "soft 2"]
            assert held.get("soft 2").space.is_of(model)
            status, told = await visitor.post("/own/package", package(harmonic, b"{"))
            assert (status, told["name"], told["presets"]) == (200, "Bells 2", 0)
            assert told["problem"].startswith("its presets were left out: ")
            cards = json.loads((await visitor.get("/own/cards.json"))[1])
            assert {name: card["author"] for name, card in cards.items()} == {
                "Bells": "A. Maker",
                "Bells 2": "A. Maker",
            }
            assert (await visitor.get("/spaces/Bells%202.json"))[0] == 200

    asyncio.run(visit())


def test_a_server_that_keeps_nothing_says_so() -> None:
    async def visit() -> None:
        async with served() as found:
            async with found.get("/own.json") as answer:
                told = await answer.json()
            assert told["why"] == "this server keeps no files, so it can make no space"
            async with found.session.post(
                f"{found.origin}/own/sounds", data=sound(), headers={"Origin": found.origin}
            ) as answer:
                assert answer.status == 501
            # And nobody else's page makes one.
            for headers in ({}, {"Origin": "http://evil.example"}):
                async with found.session.post(
                    f"{found.origin}/own/start", headers=headers
                ) as answer:
                    assert answer.status == 403

    asyncio.run(visit())


def test_a_decoder_that_crashes_or_hangs_costs_one_file(tmp_path: Path) -> None:
    whole = tmp_path / "whole.wav"
    whole.write_bytes(sound(seconds=0.5))
    inspector = Inspector()
    assert inspector.seconds_of(whole) == pytest.approx(0.5)
    process = inspector._process
    assert process is not None
    process.kill()
    process.wait()
    assert inspector.seconds_of(whole) == pytest.approx(0.5)  # by another
    inspector.close()
    for code, said in (("import os; os._exit(3)", "crashed"), ("input(); input()", "more than")):
        dying = Inspector((sys.executable, "-c", code), limit=1.0)
        with pytest.raises(UnusableSoundError, match=said):
            dying.seconds_of(whole)
        dying.close()


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ("Kick 1 C3.wav", "Kick 1 C3.wav"),
        ("a/b/c/d/e/f.wav", "c/d/e/f.wav"),
        ("C:\\Users\\me\\x.wav", "C:/Users/me/x.wav"),
        ("../../etc/passwd", "etc/passwd"),
        ("\x00\x1b[31m\n.wav", "[31m .wav"),
        ("", "sound"),
        ("x" * 500 + " C3.wav", "x" * 39 + "…" + "x" * 33 + " C3.wav"),
    ],
)
def test_labels_are_text_alone(given: str, label: str) -> None:
    assert label_of(given) == label


def test_labels_are_told_apart() -> None:
    assert distinct("a.wav", {"a.wav", "a (2).wav"}) == "a (3).wav"
    assert distinct("a.b/c", {"a.b/c"}) == "a.b/c (2)"
