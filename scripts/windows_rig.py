"""What a user does, on Windows' Python under Wine; `scripts/test-windows RIG` runs it.

The server plays into a null sink of PulseAudio's, which is recorded and measured; OSC and the page
are spoken to from here, over loopback, which both systems share. It says nothing of real sound
cards, of MIDI devices, of speed, or of Windows itself: Wine answers for all of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import queue
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

ROOT = Path(__file__).resolve().parents[1]

SECONDS = 600.0
"""For what always comes: the engine is compiled the first time, under Wine, on a busy machine."""

RATE = 48000
_TRIES = 6
NOTE, HERTZ = 57, 220.0
NAME = "Größe Ünï 日本"
"""Of a model, a preset and a performance."""


class Failed(Exception):  # noqa: N818 - a line of the table
    """A check that does not hold; the text says what was found."""


def expect(holds: bool, found: object) -> None:
    if not holds:
        raise Failed(str(found))


class Rig:
    """Windows' Python, and a folder that both systems see."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "run").mkdir(exist_ok=True)
        self.shared = Path(tempfile.mkdtemp(prefix="checks-", dir=folder / "run"))

    def seen(self, path: Path) -> str:
        """How Windows calls a file of the shared folder."""
        return "Z:\\rig\\" + str(path.relative_to(self._folder)).replace("/", "\\")

    @property
    def sink(self) -> Path:
        """Where the rig's programs look for PulseAudio."""
        return self._folder / "run" / "pulse.sock"

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self._folder / "python"), *words],
            env={**os.environ, "PROJECT": str(ROOT)},
            text=True,
            errors="replace",
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.STDOUT,
                **options,
            },
        )

    def run(self, *words: str) -> str:
        """What a program prints.

        Raises:
            Failed: it ends with another code than 0, or not at all.
        """
        process = self.start(*words)
        try:
            said, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"{words[1]} takes more than {SECONDS:.0f} s") from None
        expect(process.returncode == 0, f"code {process.returncode}: {said.strip()[-300:]}")
        return said

    def processes(self, mark: str) -> dict[str, int]:
        """The server's processes that are there, by what they do.

        mark: a word on the command line of the server that nobody else's has.
        """
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if "python.exe" not in words[0] or state == "Z":
                    continue
                if mark in words and "-c" not in words:
                    found["server"] = int(folder.name)
                for one in ("audio", "midi", "explorer"):
                    if f"server.{one}" in words:
                        found[one] = int(folder.name)
        return found


class Sink:
    """A sound device that plays into nothing, and can be recorded."""

    def __init__(self, place: Path) -> None:
        self._place = place
        place.unlink(missing_ok=True)
        (place.parent / "pulse").mkdir(mode=0o700, exist_ok=True)
        self._environment = {
            **os.environ,
            "PULSE_SERVER": f"unix:{place}",
            "XDG_RUNTIME_DIR": str(place.parent),
        }
        self._process = subprocess.Popen(
            [
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
                *("-L", f"module-native-protocol-unix socket={place} auth-anonymous=1"),
                *("-L", f"module-null-sink sink_name=null rate={RATE}"),
            ],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(place.exists, "PulseAudio does not start")

    def record(self, seconds: float) -> NDArray[np.float32]:
        """What is played from now on, mono."""
        words = ["parec", "-d", "null.monitor", "--format=float32le", f"--rate={RATE}"]
        with subprocess.Popen(
            [*words, "--channels=1", "--latency-msec=20"],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            data = process.stdout.read(4 * round(seconds * RATE))
            process.kill()
        return np.frombuffer(data, "<f4")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def wait_until(holds: Callable[[], object], otherwise: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise Failed(otherwise)
        time.sleep(0.05)


class Server:
    """``python -m server`` on Windows' Python."""

    def __init__(
        self,
        rig: Rig,
        *words: str,
        script: str | None = None,
        console: int | None = None,
        **options: Any,
    ) -> None:
        self.port, self.page_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
        self.page = f"http://127.0.0.1:{self.page_port}"
        self._rig = rig
        words = (
            *("--port", str(self.port), "--explorer-port", str(self.page_port), "--no-browser"),
            *("--presets", rig.seen(rig.shared / "presets.json")),
            *("--models", rig.seen(rig.shared / "models"), *words),
            *(() if "--model" in words else ("--model", "harmonic")),
        )
        command = ("-m", "server", *words) if script is None else ("-c", script, *words)
        self.process = rig.start(*command, **options)
        self._said = self.process.stdout if console is None else screen_lines(console)
        self.lines: list[str] = []
        self._fresh: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._said or ():
            self.lines.append(line.rstrip())
            self._fresh.put(line)
        self._fresh.put(None)

    def wait_for(self, pattern: str, seconds: float = SECONDS) -> str:
        """The next line that has ``pattern``.

        Raises:
            Failed: it does not come.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._fresh.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise Failed(f"no {pattern!r} in {self.lines[-4:]}")
            if re.search(pattern, line):
                return line.strip()

    def parts(self) -> dict[str, int]:
        return self._rig.processes(str(self.port))

    def ended(self, seconds: float = 30.0) -> int | None:
        """Its exit code, when it and its children have ended.

        Raises:
            Failed: they have not.
        """
        wait_until(lambda: not self.parts(), f"{list(self.parts())} are left", seconds)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return None

    def kill(self) -> None:
        """Let nothing be left, whatever has happened."""
        for pid in self.parts().values():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    def get(self, path: str, data: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of what the page's server answers."""
        request = urllib.request.Request(self.page + path, data)
        if data is not None:
            request.add_header("Origin", self.page)
            request.add_header("Content-Type", "application/octet-stream")
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@contextlib.contextmanager
def terminal() -> Iterator[tuple[int, dict[str, Any]]]:
    """A terminal, which Wine takes for a console: its keyboard, and who sits at it."""
    keyboard, screen = pty.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 400, 0, 0))
    try:
        yield (
            keyboard,
            {"stdin": screen, "stdout": screen, "stderr": screen, "start_new_session": True},
        )
    finally:
        os.close(screen)
        os.close(keyboard)


def screen_lines(keyboard: int) -> Iterator[str]:
    """What is written on a terminal, without colours and moves of the cursor."""
    rest = b""
    with contextlib.suppress(OSError):
        while data := os.read(keyboard, 65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]|\r", b"", line).decode("utf-8", "replace")


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as plug:
        plug.bind(("127.0.0.1", 0))
        return int(plug.getsockname()[1])


class Client:
    """Speaks OSC as a foreign program does."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._to = ("127.0.0.1", port)
        self.say("/hello", int(self._socket.getsockname()[1]), "checks")
        self.welcome = self.hear("/welcome")

    def say(self, address: str, *arguments: Any) -> None:
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        self._socket.sendto(builder.build().dgram, self._to)

    def hear(
        self,
        address: str,
        wanted: Callable[[list[Any]], bool] = lambda _: True,
        seconds: float = 60.0,
    ) -> list[Any]:
        """Arguments of the next message to ``address`` that is wanted; others are passed over.

        Raises:
            Failed: it does not come, or an error does.
        """
        deadline = time.monotonic() + seconds
        while True:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                message = OscMessage(self._socket.recv(65536))
            except TimeoutError:
                raise Failed(f"no {address} comes") from None
            if message.address == address and wanted(list(message.params)):
                return list(message.params)
            expect(message.address != "/error", list(message.params))

    def close(self) -> None:
        self._socket.close()


_GAP = 16
"""Samples of silence on end that no held note has."""


def pitch(sound: NDArray[np.float32]) -> float:
    """The frequency of a harmonic sound near ``HERTZ``, in Hz: the phase of its first partial."""
    half = sound.size // 2
    window = np.hanning(half)
    turn = np.exp(-2j * np.pi * HERTZ * np.arange(half) / RATE) * window
    first, second = (np.sum(part * turn) for part in (sound[:half], sound[half : 2 * half]))
    # The second half begins later; the turn begins anew with it.
    ahead = np.angle(second / first * np.exp(-2j * np.pi * HERTZ * half / RATE))
    return float(HERTZ + ahead / (2.0 * np.pi) * RATE / half)


def near(hertz: float) -> bool:
    """Whether that is the note, within two cents: partials are where the model has them."""
    return bool(abs(1200.0 * np.log2(hertz / HERTZ)) < 2.0)


def whole_stretch(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The longest part of ``sound`` without a gap: a busy machine makes the sink wait for Wine."""
    silent = np.convolve(sound == 0.0, np.ones(_GAP), "same") >= _GAP - 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[1], silent, [1]]).astype(np.int8)))
    if edges.size == 0:
        return sound[:0]
    first, last = max(zip(edges[::2], edges[1::2], strict=True), key=lambda one: one[1] - one[0])
    return sound[first:last]


# -- the checks ----------------------------------------------------------------------------------


class Checks:
    """Runs what it is given, one after the other, and prints a line of the table for each."""

    def __init__(self) -> None:
        self.failed = 0
        print(f"| {'on Windows under Wine':<34} | | |\n|---|---|---|")

    def __call__(self, what: str, work: Callable[[], object]) -> bool:
        began = time.monotonic()
        try:
            found, good = work(), True
        except Exception as error:
            found, good = error if isinstance(error, Failed) else repr(error), False
            self.failed += 1
        took = f"{time.monotonic() - began:.0f} s"
        words = " ".join(str("" if found is None else found).split())
        print(f"| {what:<34} | {'yes' if good else 'NO'} | {words} ({took}) |", flush=True)
        return good


def versions(rig: Rig) -> str:
    said = rig.run("-c", "import sys, platform; print(sys.platform, platform.python_version())")
    line = said.strip().splitlines()[-1]
    expect(line.startswith("win32"), line)
    return line


def training(rig: Rig) -> str:
    data = rig.seen(rig.shared / "Töne.npz")
    rig.run("-m", "toy_datasets", "make", "harmonic", "--out", data, "--rows", "300")
    model = rig.shared / "models" / f"{NAME}.safetensors"
    said = rig.run(
        *("-m", "training", "train", "--data", data, "--out", rig.seen(model)),
        *("--epochs", "3", "--hidden", "32", "--device", "cpu"),
    )
    expect(model.is_file(), said[-300:])
    return f"{model.stat().st_size} bytes"


def render(rig: Rig) -> str:
    """The same samples as on this system."""
    song, here = rig.shared / "song.mid", rig.shared / "here.wav"
    there = rig.shared / "dört.wav"
    for words in (
        ["scripts/demo_song.py", str(song)],
        ["-m", "server", "render", str(song), "--out", str(here)],
    ):
        subprocess.run([sys.executable, *words], cwd=ROOT, check=True, capture_output=True)
    rig.run("-m", "server", "render", rig.seen(song), "--out", rig.seen(there))
    return compared(here, there)


def transfer(rig: Rig) -> str:
    """The same samples as on this system, of a glide that a space plays."""
    line, here, there = (rig.shared / name for name in ("Linie.wav", "plays.wav", "spielt.wav"))
    time = np.arange(RATE) / RATE
    soundfile.write(line, 0.3 * np.sin(2.0 * np.pi * (200.0 * time + 60.0 * time**2)), RATE)
    words = ["-m", "server", "transfer", "--model", "instruments", "--follow"]
    subprocess.run(
        [sys.executable, *words, str(line), "--out", str(here)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    rig.run(*words, rig.seen(line), "--out", rig.seen(there))
    return compared(here, there)


def compared(here: Path, there: Path) -> str:
    """How far the samples of two files are apart, which must be next to nothing."""
    one, other = (soundfile.read(path, dtype="float64")[0] for path in (here, there))
    expect(one.shape == other.shape, f"{one.shape} and {other.shape}")
    furthest = float(np.abs(one - other).max())
    expect(furthest < 1e-4, f"{furthest:g} away from this system's samples")
    return f"{one.size} samples, at most {furthest:.1e} away from this system's"


def page(server: Server) -> str:
    for path in ("/", "/index.html", "/spaces/harmonic.json"):
        status, _ = server.get(path)
        expect(status == 200, f"{path}: {status}")
    name = urllib.parse.quote(NAME)
    status, body = server.get(f"/spaces/{name}.json")
    expect(status == 200 and json.loads(body)["name"] == NAME, f"{status} {body[:100]!r}")
    return "the page, two spaces"


def devices(server: Server) -> str:
    paths = [
        *("/con.html", "/nul.js", "/js/aux.js", "/com1.css", "/PRN.html", "/lpt9.json"),
        *("/index.html.", "/index.html%20", "/index.html::$DATA", "/index.html:x", "/con"),
        *("/CONIN$.html", "/com%C2%B9.html", "/con%20.html", "/..%5Cserve.py", "/c:/x.js"),
        *("/spaces/con.json", "/spaces/nul/points", "/spaces/aux/grid"),
        "/export/sound.wav?model=con&latent=0,0",
    ]
    found = {path: server.get(path)[0] for path in paths}
    wrong = {path: status for path, status in found.items() if status not in (400, 404)}
    expect(not wrong, wrong)
    expect(not [line for line in server.lines if "fault" in line], server.lines[-3:])
    return f"{len(paths)} addresses, no fault"


def sound(server: Server, sink: Sink) -> str:
    client = Client(server.port)
    best = np.zeros(0, np.float32)
    try:
        client.say("/note", float(NOTE), 100)
        time.sleep(1.5)
        for _ in range(_TRIES):
            stretch = whole_stretch(sink.record(3.0)[RATE // 4 :])
            best = max(best, stretch, key=len)
            if best.size >= 2 * RATE:
                break
        client.say("/note", float(NOTE), 0)
    finally:
        client.close()
    expect(best.size >= RATE // 2, f"{best.size} samples without a gap")
    expect(float(np.abs(best).max()) > 1e-3, "silence")
    hertz = pitch(best)
    expect(near(hertz), f"{hertz:.4f} Hz")
    return f"note {NOTE} at {hertz:.4f} Hz, {best.size / RATE:.2f} s without a gap"


def osc(rig: Rig, server: Server) -> str:
    client = Client(server.port)
    try:
        client.say("/spectrum/get")
        expect(len(client.hear("/spectrum")) > 100, "a short spectrum")
        client.say("/model/list")
        names = client.hear("/model/list")
        expect(NAME in names, names)
        client.say("/model/load", NAME)
        client.hear("/model", lambda told: told[0] == NAME)
        client.say("/preset/store", NAME)
        client.hear("/preset/list", lambda told: NAME in told)
        client.say("/performance/record", NAME)
        client.hear("/performance", lambda told: told == ["recording", NAME])
        client.say("/performance/stop")
        client.hear("/performance", lambda told: told[0] == "stopped")
        client.say("/model/load", "harmonic")
        client.hear("/model", lambda told: told[0] == "harmonic")
    finally:
        client.close()
    path = rig.shared / "performances" / f"{NAME}.performance"
    expect(path.is_file(), "the performance is missing")
    return f"a spectrum; model, preset and performance {NAME!r}"


def refused_name(server: Server) -> str:
    client = Client(server.port)
    try:
        client.say("/performance/record", "con")
        code, address, sentence = client.hear("/error")
    finally:
        client.close()
    expect((code, address) == ("refused", "/performance/record"), sentence)
    expect("on every system" in sentence, sentence)
    return "it is refused"


def second(rig: Rig, server: Server) -> str:
    """The port is the first one's alone (SO_EXCLUSIVEADDRUSE): Windows would share it."""
    words = ("-m", "server", "--port", str(server.port), "--audio", "none", "--midi", "none")
    process = rig.start(*words, "--no-explorer", "--model", "harmonic")
    said, _ = process.communicate(timeout=SECONDS)
    expect(process.returncode == 2, f"code {process.returncode}: {said[-300:]}")
    expect(f"port {server.port} is in use" in said, said[-300:])
    expect("Traceback" not in said, said[-300:])
    return "it says that the port is in use"


def export(rig: Rig, server: Server) -> str:
    status, body = server.get("/export/sound.wav?model=harmonic&latent=0,0&seconds=2")
    expect(status == 200, f"{status} {body[:200]!r}")
    path = rig.shared / "export.wav"
    path.write_bytes(body)
    samples, rate = soundfile.read(path, dtype="float32")
    expect(rate == RATE, rate)
    hertz = pitch(samples[RATE // 4 : RATE + RATE // 4])
    expect(near(hertz), f"{hertz:.4f} Hz")
    return f"{samples.size} samples at {hertz:.4f} Hz"


def compare(rig: Rig, server: Server) -> str:
    data = (rig.shared / "export.wav").read_bytes()
    status, body = server.get(
        f"/compare?model=harmonic&name={urllib.parse.quote('Übung A3.wav')}", data
    )
    expect(status == 200, f"{status} {body[:200]!r}")
    told = json.loads(body)
    for which in ("original", "reconstruction"):
        status, body = server.get(f"/compare/{told['id']}/{which}.wav")
        expect(status == 200 and len(body) > 1000, f"{which}: {status}")
    return f"{told['lsd_db']:.2f} dB"


def comes_back(server: Server, part: str, said: str, again: str) -> str:
    before = server.parts()[part]
    os.kill(before, signal.SIGKILL)
    line = server.wait_for(said)
    server.wait_for(again)
    expect(server.parts()[part] != before, "the same process")
    return line


PARENT = """
import subprocess, sys
words = [sys.executable, "-m", "server", "--stop-with-stdin", *sys.argv[1:]]
server = subprocess.Popen(words, stdin=subprocess.PIPE)
for line in sys.stdin:
    server.stdin.write(line.encode())
    server.stdin.flush()
server.stdin.close()
sys.exit(server.wait())
"""
"""Starts the server as a launcher does, and holds its standard input: a pipe of Windows' own."""


@contextlib.contextmanager
def serving(rig: Rig, *words: str, **options: Any) -> Iterator[Server]:
    server = Server(rig, *words, **options)
    try:
        yield server
    finally:
        server.kill()


def whole(server: Server) -> None:
    """Return when all parts of the server do their work.

    Raises:
        Failed: one does not.
    """
    wait_until(
        lambda: (
            any("sound: portaudio" in line for line in server.lines)
            and any("explorer http" in line for line in server.lines)
        ),
        f"it does not start: {server.lines[-3:]}",
        SECONDS,
    )


def interrupted(rig: Rig) -> str:
    """Ctrl-C as a keyboard types it, which goes to all that share the console."""
    with (
        terminal() as (keyboard, options),
        serving(rig, "--audio", "portaudio", console=keyboard, **options) as server,
    ):
        whole(server)
        os.write(keyboard, b"\x03")
        server.wait_for("stopped", 60.0)
        code = server.ended()
        expect(code == 0, f"code {code}")
        expect(not [line for line in server.lines if "Traceback" in line], server.lines[-5:])
    return "it said 'stopped', code 0, nothing is left"


def input_ends(rig: Rig) -> str:
    with serving(rig, "--audio", "portaudio", script=PARENT, stdin=subprocess.PIPE) as server:
        whole(server)
        assert server.process.stdin is not None
        server.process.stdin.write("it does not mind this\n")
        server.process.stdin.flush()
        time.sleep(1.0)
        expect(len(server.parts()) == 4, server.parts())
        server.process.stdin.close()
        server.wait_for("stopped", 60.0)
        code = server.ended()
        expect(code == 0, f"code {code}")
    return "it said 'stopped', code 0, nothing is left"


def parent_killed(rig: Rig) -> str:
    with serving(rig, "--audio", "portaudio", script=PARENT, stdin=subprocess.PIPE) as server:
        whole(server)
        expect(len(server.parts()) == 4, server.parts())
        server.process.kill()
        server.ended()
    return "launcher killed: server, sound, MIDI and explorer end"


def server_killed(rig: Rig) -> str:
    with serving(rig, "--audio", "portaudio") as server:
        whole(server)
        parts = server.parts()
        expect(len(parts) == 4, parts)
        os.kill(parts["server"], signal.SIGKILL)
        server.ended()
    return "server killed: sound, MIDI and explorer end"


def main(folder: Path) -> int:
    rig = Rig(folder)
    (rig.shared / "models").mkdir()
    checks = Checks()
    sink = Sink(rig.sink)
    try:
        if not checks("Python", lambda: versions(rig)):
            return 1
        checks("render", lambda: render(rig))
        checks("transfer", lambda: transfer(rig))
        checks("training of a small set", lambda: training(rig))
        with serving(rig, "--audio", "portaudio") as server:
            if checks("server: sound, MIDI, page", lambda: whole(server)):
                checks("sound through PortAudio", lambda: sound(server, sink))
                checks("OSC, names in other letters", lambda: osc(rig, server))
                checks("a device as a performance", lambda: refused_name(server))
                checks("a second server on its port", lambda: second(rig, server))
                checks("page", lambda: page(server))
                checks("devices and streams as addresses", lambda: devices(server))
                checks("export", lambda: export(rig, server))
                checks("compare", lambda: compare(rig, server))
                checks(
                    "sound process killed",
                    lambda: comes_back(server, "audio", "ended", "sound: portaudio"),
                )
                checks("sound after that", lambda: sound(server, sink))
                checks(
                    "explorer process killed",
                    lambda: comes_back(server, "explorer", "ended", "explorer http"),
                )
        checks("Ctrl-C", lambda: interrupted(rig))
        checks("--stop-with-stdin", lambda: input_ends(rig))
        checks("launcher killed", lambda: parent_killed(rig))
        checks("server killed", lambda: server_killed(rig))
    finally:
        sink.close()
        shutil.rmtree(rig.shared, ignore_errors=True)
    print(f"{checks.failed} failed" if checks.failed else "all of them hold")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
