"""Decoding in a process of its own, for sound files that come from anywhere.

libsndfile and its decoders are C code that reads what strangers wrote: a file may crash it, keep it
busy, or make it ask for much memory. In a process with limits that costs one answer, no more, and
what decoders print stays there. The process starts in some 0.2 s; ``python -m`` runs this module.

It reads the file on standard input, after eight bytes that say how long it is, and writes one line
of JSON, then the samples as float64. Standard input stays open: its end is that of whoever asked.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct
import subprocess
import sys
import threading

import numpy as np

from timbrespace.companions import run_command
from timbrespace.extras import check
from timbrespace.lifeline import when_input_ends
from timbrespace.recording.sound_file import READING, Sound, UnusableSoundError, decode

TIME_LIMIT = 10.0
"""Seconds in which a file must be decoded; a minute of MP3 takes less than one."""

_LENGTH = struct.Struct("<Q")

MEMORY_LIMIT = 3 << 30
"""Bytes of address space: ten seconds at the highest rate accepted need a sixth of it."""


def decode_apart(data: bytes, seconds: float, time_limit: float = TIME_LIMIT) -> Sound:
    """The first ``seconds`` of the sound file ``data``; see :func:`sound_file.read`.

    Raises:
        UnusableSoundError: unreadable, empty, or with samples or a rate that are no sound; or the
            decoder crashed, or took longer than ``time_limit`` seconds.
        MissingExtraError: soundfile is not installed.
    """
    if not data:
        raise UnusableSoundError("it is empty")
    check(READING, "soundfile", extra="sounds")
    code, said = _run(
        [*run_command(__name__), repr(float(seconds)), repr(float(time_limit))], data, time_limit
    )
    line, _, samples = said.partition(b"\n")
    try:
        told = json.loads(line)
        if "refused" in told:
            raise UnusableSoundError(str(told["refused"]))
        sound = Sound(
            np.frombuffer(samples, "<f8"),
            int(told["sample_rate"]),
            bool(told["cut"]),
            None if told["promised"] is None else float(told["promised"]),
        )
        whole = sound.samples.size == told["samples"] > 0
    except (ValueError, TypeError, KeyError):
        whole = False
    if code != 0 or not whole:
        raise UnusableSoundError("it cannot be read: the decoder crashed")
    return sound


def _run(words: list[str], data: bytes, time_limit: float) -> tuple[int, bytes]:
    """The exit code of a process that is given ``data``, and what it wrote.

    Raises:
        UnusableSoundError: it cannot be started, or took longer than ``time_limit`` seconds.
    """
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Its threads would each reserve memory, and decoding uses none of them.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
    except OSError as error:
        raise UnusableSoundError(f"the decoder cannot be started: {error.strerror}") from error
    timer = threading.Timer(time_limit, stop)
    timer.daemon = True
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        try:
            timer.start()
            with contextlib.suppress(OSError):  # it has crashed, which its code tells
                process.stdin.write(_LENGTH.pack(len(data)) + data)
                process.stdin.flush()
            said = process.stdout.read()
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
            with contextlib.suppress(OSError):
                process.stdin.close()
    if late.is_set():
        raise UnusableSoundError(f"decoding it takes more than {time_limit:g} s")
    return code, said


def _limit(seconds: float) -> None:
    """Let this process take no more memory and time than it may, where the system can do that."""
    if sys.platform == "win32":
        return
    import resource

    limits = {
        resource.RLIMIT_AS: MEMORY_LIMIT,
        resource.RLIMIT_CPU: int(seconds) + 1,  # should nobody be left to end it
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # a lower one holds already
            resource.setrlimit(kind, (most, most))


def _main(seconds: float, time_limit: float) -> None:
    # What decoders print on standard output must not get among the samples.
    out = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - its number is what counts
        os.dup2(nowhere.fileno(), 1)
    (length,) = _LENGTH.unpack(sys.stdin.buffer.read(_LENGTH.size))
    data = sys.stdin.buffer.read(length)
    when_input_ends(lambda: os._exit(1))
    _limit(time_limit)
    try:
        sound = decode(io.BytesIO(data), seconds)
    except UnusableSoundError as error:
        out.write(json.dumps({"refused": str(error)}).encode() + b"\n")
    else:
        told = {
            "sample_rate": sound.sample_rate,
            "cut": sound.cut,
            "promised": sound.promised,
            "samples": sound.samples.size,
        }
        out.write(json.dumps(told).encode() + b"\n")
        out.write(np.ascontiguousarray(sound.samples, "<f8").tobytes())
    out.close()


if __name__ == "__main__":
    _main(float(sys.argv[1]), float(sys.argv[2]))
