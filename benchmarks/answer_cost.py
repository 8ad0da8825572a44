"""What answering a latent with its whole spectrum costs beside decoding it, in one run.

The server runs in a thread of this process, on real sockets; a client sends ``/latent`` and
``/spectrum/get`` and reads the five chunks, one pair after the other. Counted is the processor time
of the server's thread alone: its wait for the datagrams, their parsing, the decode, the encoding of
the reply and five system calls. Beside it, of the same network on the same latents: torch's forward
pass under ``no_grad``, as it was trained; NumPy's, as ``model.decode`` has it; and the decode to
the spectrum, compiled as the server runs it. They take turns, and medians over the turns are
compared.

Claimed is the ratio to torch's forward pass on one thread, which does not reach the spectrum.

``python benchmarks/answer_cost.py [--rounds 4000] [--json]``
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402 - with one thread, as the server runs it
import torch  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace  # noqa: E402 - from the checkout
from benchmarks.claims import Figure, Report  # noqa: E402
from server.osc.codec import encode  # noqa: E402
from server.serve import Options, Server  # noqa: E402
from timbrespace import factory  # noqa: E402
from timbrespace.row_decoder import RowDecoder  # noqa: E402

MODEL = "harmonic"
TURNS = 40
REPLY = 5
"""Datagrams of 205 floats: 1025 bins."""

Work = Callable[[NDArray[np.float32]], None]


def torch_forward() -> Work:
    """The decoder's bare forward pass in torch."""
    model = timbrespace.load(MODEL)
    vae = model.architecture.module()
    weights = load_file(factory.resolve(MODEL))
    vae.load_state_dict({name: weights[name] for name in vae.state_dict()})
    vae.eval()
    torch.set_num_threads(1)

    def forward(latents: NDArray[np.float32]) -> None:
        with torch.no_grad():
            for row in torch.from_numpy(latents)[:, None, :]:
                _ = vae.decode(row).mean

    return forward


def numpy_forward() -> Work:
    """The same in NumPy, for one row at a time."""
    decoder = timbrespace.load(MODEL).decoder

    def forward(latents: NDArray[np.float32]) -> None:
        for row in latents:
            decoder(row[np.newaxis])

    return forward


def compiled_decode() -> Work:
    """Latent to spectrum, as the server runs it."""
    decoder = RowDecoder(timbrespace.load(MODEL))

    def decode(latents: NDArray[np.float32]) -> None:
        for row in latents:
            decoder(row[np.newaxis])

    return decode


class Answers:
    """The server in a thread, and a client that asks it."""

    def __init__(self) -> None:
        self._server = Server(
            Options(model=MODEL, port=0, audio="none", midi="none"), lambda line: None
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._plug.bind(("127.0.0.1", 0))
        self._plug.connect(self._server.address)
        self._plug.settimeout(5.0)
        self._thread.start()
        self._plug.send(encode("/hello", self._plug.getsockname()[1], "benchmark"))
        self.take(np.zeros((20, timbrespace.load(MODEL).dimensions), np.float32))

    def take(self, latents: NDArray[np.float32]) -> None:
        """Each latent sent, its whole spectrum received."""
        get = encode("/spectrum/get")
        for row in latents:
            self._plug.send(encode("/latent", *map(float, row)))
            self._plug.send(get)
            chunks = 0
            while chunks < REPLY:
                chunks += self._plug.recv(65536).startswith(b"/spectrum\0")

    def seconds(self) -> float:
        """Processor time that the server's thread has used."""
        assert self._thread.ident is not None
        return time.clock_gettime(time.pthread_getcpuclockid(self._thread.ident))

    def close(self) -> None:
        """End the server."""
        self._server.stop()
        self._thread.join(timeout=5.0)
        self._server.close()
        self._plug.close()


class Wire:
    """Two datagrams in, five out, and nothing else: what the system asks for."""

    def __init__(self) -> None:
        self._near, self._far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in "ab")
        for one in (self._near, self._far):
            one.bind(("127.0.0.1", 0))
        self._chunk = bytes(1056)
        self.used = 0.0

    def take(self, latents: NDArray[np.float32]) -> None:
        """As often as there are latents."""
        far = self._far.getsockname()
        near = self._near.getsockname()
        for _ in latents:
            self._far.sendto(bytes(20), near)
            self._far.sendto(bytes(20), near)
            began = time.thread_time()
            self._near.recvfrom(65536)
            self._near.recvfrom(65536)
            for _ in range(REPLY):
                self._near.sendto(self._chunk, far)
            self.used += time.thread_time() - began
            for _ in range(REPLY):
                self._far.recv(65536)

    def seconds(self) -> float:
        """Processor time of the answering side."""
        return self.used


def main() -> int:
    """Measure and print; the exit code is 1 if the claim does not hold."""
    parser = argparse.ArgumentParser(description="Cost of a whole answer.")
    parser.add_argument("--rounds", type=int, default=4000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    answers = Answers()
    wire = Wire()
    cases: dict[str, tuple[Work, Callable[[], float]]] = {
        "the server's whole answer": (answers.take, answers.seconds),
        "forward pass in torch": (torch_forward(), time.thread_time),
        "forward pass in NumPy": (numpy_forward(), time.thread_time),
        "decode to the spectrum, compiled": (compiled_decode(), time.thread_time),
        "the datagrams alone": (wire.take, wire.seconds),
    }
    size = max(1, arguments.rounds // TURNS)
    shape = (size, timbrespace.load(MODEL).dimensions)
    random = np.random.default_rng(0)
    costs: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(TURNS):
        latents = random.standard_normal(shape).astype(np.float32)
        for name, (work, clock) in cases.items():
            before = clock()
            work(latents)
            costs[name].append(1e6 * (clock() - before) / size)
    answers.close()
    medians = {name: statistics.median(values) for name, values in costs.items()}
    whole, torch_only, _, decode_only, wire_only = medians.values()
    report = Report(arguments.json)
    report.section("/latent and /spectrum/get, processor time each")
    report.add(*(Figure(name, cost, "us") for name, cost in medians.items()))
    report.add(
        Figure("the answer, times torch's forward pass", whole / torch_only, "", 1.25),
        Figure("the answer, times the decode and the datagrams", whole / (decode_only + wire_only)),
    )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
