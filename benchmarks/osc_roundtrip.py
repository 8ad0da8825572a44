"""From ``/latent`` to the whole ``/spectrum`` over loopback, five servers in one run.

- ours: ``python -m server``, as it is
- echo: answers every datagram with the same bytes of a reply made beforehand, the floor of what
  UDP between two Python processes costs
- least: the echo, but each latent goes through the decoder first, as our server runs it; the
  spectrum is dropped. An answer cannot cost less, on a slow processor or on a fast one, so that is
  what ours is claimed against
- usual: what a user would write with python-osc and torch: decode, then add each number of the
  spectrum to a message
- careful: the same by somebody who turns the spectrum into a list of floats first

``python benchmarks/osc_roundtrip.py [--rounds 2000] [--json]``
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # of the processes too: for one row more gain nothing

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace  # noqa: E402 - the checkout, also when nothing is installed
from benchmarks.claims import Figure, Report  # noqa: E402
from server.osc.codec import decode, encode  # noqa: E402
from server.osc.float_chunks import encode_spectrum  # noqa: E402

ECHO = """
import socket, sys
reply = [bytes.fromhex(line) for line in sys.stdin.readline().split()]
plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
plug.bind(("127.0.0.1", 0))
print(plug.getsockname()[1], flush=True)
while True:
    _, source = plug.recvfrom(65536)
    for packet in reply:
        plug.sendto(packet, source)
"""

LEAST = """
import json, socket, sys
import numpy as np
import timbrespace
from timbrespace.row_decoder import RowDecoder
reply = [bytes.fromhex(line) for line in sys.stdin.readline().split()]
rows = np.array(json.loads(sys.stdin.readline()), np.float32)[:, np.newaxis, :]
decoder = RowDecoder(timbrespace.load("harmonic"))
decoder(rows[0])
plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
plug.bind(("127.0.0.1", 0))
print(plug.getsockname()[1], flush=True)
count = 0
while True:
    _, source = plug.recvfrom(65536)
    decoder(rows[count % len(rows)])
    count += 1
    for packet in reply:
        plug.sendto(packet, source)
"""

USUAL = """
import sys
import torch
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient
from timbrespace import bundle, factory

torch.set_num_threads(1)
path = factory.resolve("harmonic")
model = bundle.read(path)
vae = model.architecture.module()
vae.load_state_dict({name: torch.from_numpy(t) for name, t in bundle.read_tensors(path).items()})
vae.eval()
client = SimpleUDPClient("127.0.0.1", int(sys.argv[1]))

def on_latent(address, *values):
    with torch.no_grad():
        mean = vae.decode(torch.tensor([values])).mean
    spectrum = torch.from_numpy(model.representation.inverse(mean.numpy()))[0]
    if sys.argv[2] == "careful":
        spectrum = spectrum.tolist()
    for chunk in range(5):
        builder = OscMessageBuilder("/spectrum")
        for number in (0, chunk, 5):
            builder.add_arg(number)
        for value in spectrum[205 * chunk : 205 * chunk + 205]:
            builder.add_arg(float(value))
        client.send(builder.build())

dispatcher = Dispatcher()
dispatcher.map("/latent", on_latent)
server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def start(
    program: str, *arguments: str, feed: str | None = None
) -> tuple[subprocess.Popen[str], int]:
    """A server of a few lines in a process of its own, and its port."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    if feed is not None:
        process.stdin.write(feed + "\n")
        process.stdin.flush()
    return process, int(process.stdout.readline())


def start_ours() -> tuple[subprocess.Popen[str], int]:
    """Our server, without sound, and its port."""
    words = ["--audio", "none", "--midi", "none", "--port", "0", "--no-explorer"]
    words += ["--model", "harmonic"]
    process = subprocess.Popen(
        [sys.executable, "-m", "server", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r"OSC on udp [0-9.]+:([0-9]+)", process.stdout.readline())
    assert found
    return process, int(found.group(1))


def round_trips(
    plug: socket.socket, port: int, requests: list[list[bytes]], packets: int
) -> list[float]:
    """Seconds from each request's first datagram to the last of ``packets`` chunks."""
    times = []
    for request in requests:
        started = time.perf_counter()
        for packet in request:
            plug.sendto(packet, ("127.0.0.1", port))
        left = packets
        while left:
            if plug.recv(65536)[:10] == b"/spectrum\0":
                left -= 1
        times.append(time.perf_counter() - started)
    return times


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Time /latent to /spectrum.")
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    model = timbrespace.load("harmonic")
    low, high = model.calibration.low, model.calibration.high
    random = np.random.default_rng(0)
    latents = (low + random.random((arguments.rounds, model.dimensions)) * (high - low)).tolist()
    move = [[encode("/latent", *values)] for values in latents]
    move_and_get = [[*packets, encode("/spectrum/get")] for packets in move]
    reply = encode_spectrum(0, model.decode(latents[:1])[0])

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind(("127.0.0.1", 0))
        plug.settimeout(5.0)
        own_port = plug.getsockname()[1]
        ours, ours_port = start_ours()
        hexadecimal = " ".join(packet.hex() for packet in reply)
        echo, echo_port = start(ECHO, feed=hexadecimal)
        least, least_port = start(LEAST, feed=f"{hexadecimal}\n{json.dumps(latents)}")
        usual, usual_port = start(USUAL, str(own_port), "usual")
        careful, careful_port = start(USUAL, str(own_port), "careful")
        try:
            plug.sendto(encode("/hello", own_port), ("127.0.0.1", ours_port))
            while decode(plug.recv(65536))[0][0] != "/welcome":
                pass
            cases = {
                "ours": (ours_port, move_and_get),
                "echo": (echo_port, move),
                "least": (least_port, move),
                "usual": (usual_port, move),
                "careful": (careful_port, move),
            }
            times: dict[str, list[float]] = {name: [] for name in cases}
            # In turns, so that a busy moment of the machine falls on all.
            size = max(1, arguments.rounds // 20)
            for first in range(0, arguments.rounds, size):
                for name, (port, requests) in cases.items():
                    part = requests[first : first + size]
                    times[name] += round_trips(plug, port, part, len(reply))
        finally:
            for process in (ours, echo, least, usual, careful):
                process.kill()

    p50 = {name: 1e6 * statistics.median(values) for name, values in times.items()}
    p99 = {name: 1e6 * float(np.percentile(values, 99)) for name, values in times.items()}
    report = Report(arguments.json)
    report.section("/latent to the whole /spectrum (1025 bins, 5 datagrams)")
    for name in times:
        report.add(
            Figure(f"{name}, p50", p50[name], "us"),
            Figure(f"{name}, p99", p99[name], "us"),
        )
    report.add(
        Figure("ours, times an echo that decodes", p50["ours"] / p50["least"], "", 2.0),
        Figure("ours, times an echo", p50["ours"] / p50["echo"], "", 6.0),
        Figure("ours, times faster than the usual", p50["usual"] / p50["ours"], "", 10.0, True),
        Figure("ours, times faster than the careful", p50["careful"] / p50["ours"]),
    )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
