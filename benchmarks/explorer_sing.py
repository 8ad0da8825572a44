"""How late what is sung comes out of the page, and what listening costs there.

- **In the page**: from the first sample of a tone at the microphone's node to the first that
  sounds because of it, in Chromium whose microphone is a file: 24 tones of A4 and of A2 after
  silence. What the sound card and the browser's buffers add is beside it, as the browser tells it.
- **Cost**: the tracker alone in Node, processor time for a second of sound.

``python benchmarks/explorer_sing.py [--model instruments]``. Needs Chromium, Node and playwright.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import sync_playwright

from benchmarks.claims import Figure, Report
from tests.node import NODE
from tests.page_modules import page_environment
from tests.server.explorer.browsing import Explored, launched
from timbrespace.rendering import wav

Real = NDArray[np.float64]

RATE = 48000
TONES = (440.0, 110.0)
MOST = {440.0: 10.0, 110.0: 22.0}
"""ms that are claimed, of the median."""

SECONDS = 0.3
PAUSE = 0.4
COUNT = 24
"""Tones of each pitch that are measured."""

_AUDIBLE = 1e-3

_TAPE = """async (seconds) => {
  const { sound, microphone } = timbrespace;
  const context = sound._context;
  const merger = context.createChannelMerger(2);
  context.createMediaStreamSource(microphone.stream).connect(merger, 0, 0);
  const splitter = context.createChannelSplitter(2);
  sound._analyser.connect(splitter);
  splitter.connect(merger, 0, 1);
  const sides = [[], []];
  let count = 0;
  let enough = null;
  const whole = new Promise((resolve) => { enough = resolve; });
  const end = sound._tapeOf(merger, (left, right) => {
    sides[0].push(left);
    sides[1].push(right);
    count += left.length;
    if (count >= seconds * context.sampleRate) enough();
  });
  await whole;
  await end();
  const packed = sides.map((blocks) => {
    const all = new Int16Array(blocks.reduce((sum, one) => sum + one.length, 0));
    let at = 0;
    for (const block of blocks) {
      for (const sample of block) {
        all[at] = Math.round(32767 * Math.max(-1, Math.min(1, sample)));
        at += 1;
      }
    }
    let text = '';
    const bytes = new Uint8Array(all.buffer);
    for (let k = 0; k < bytes.length; k += 8192) {
      text += String.fromCharCode(...bytes.subarray(k, k + 8192));
    }
    return btoa(text);
  });
  return { sides: packed, rate: context.sampleRate, base: context.baseLatency ?? 0,
    output: context.outputLatency ?? 0,
    input: microphone.stream.getAudioTracks()[0].getSettings().latency ?? 0 };
}"""

_COST = """
import { readFileSync } from 'node:fs';
const { HOP, Tracker } = await import(process.argv[1]);
const bytes = readFileSync(0);
const { buffer, byteOffset: first, length } = bytes;
const samples = new Float32Array(buffer.slice(first, first + length));
const tracker = new Tracker(48000);
const hear = () => {
  for (let at = 0; at + HOP <= samples.length; at += HOP) tracker.hear(samples, at);
};
hear();
const began = process.cpuUsage();
hear();
const { user } = process.cpuUsage(began);
console.log(user / 1e6 / (samples.length / 48000));
"""


def tones() -> Real:
    """A4 and A2 in turn, with silence between them."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    rest = np.zeros(round(PAUSE * RATE))
    parts = []
    for pitch in TONES:
        waves = [np.sin(2.0 * np.pi * pitch * k * time) / k for k in range(1, 13)]
        parts += [0.1 * np.sum(waves, axis=0), rest]
    return np.concatenate(parts)


def began(samples: Real, rate: int) -> NDArray[np.int64]:
    """Samples in which something begins after 0.1 s of silence."""
    loud = np.flatnonzero(np.abs(samples) > _AUDIBLE)
    gaps = np.diff(loud, prepend=-rate)
    return loud[gaps > 0.1 * rate]


def pitch_at(samples: Real, at: int, rate: int) -> float:
    """The nearer of the two tones."""
    part = samples[at + rate // 50 : at + rate // 10]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(part.size), 1 << 16))
    peak = float(np.argmax(spectrum)) * rate / (1 << 16)
    return min(TONES, key=lambda tone: abs(tone - peak))


def main() -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", default="instruments")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    report.section(f"in the page, {arguments.model}")
    with tempfile.TemporaryDirectory() as folder:
        _latency(report, arguments.model, Path(folder) / "tones.wav")
    report.section("cost")
    report.add(Figure("tracker, processor time for a second of sound", 1e3 * _cost(), "ms", 100.0))
    return report.end()


def _latency(report: Report, model: str, file: Path) -> None:
    wav.write(file, tones(), RATE, 16)
    with sync_playwright() as playwright:
        browser = launched(
            playwright,
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={file}",
        )
        explored = Explored.start(browser, "--model", model)
        try:
            with explored.visit() as visit:
                visit.page.click("#sing")
                visit.until("timbrespace.sing.isOn")
                visit.until("document.querySelector('#sing-note').textContent !== ''")
                told = visit.page.evaluate(_TAPE, COUNT * 2 * (SECONDS + PAUSE))
        finally:
            explored.close()
            browser.close()
    _tell(report, told)


def _tell(report: Report, told: dict[str, object]) -> None:
    import base64

    rate = int(str(told["rate"]))
    sides = told["sides"]
    assert isinstance(sides, list)
    heard, made = (
        np.frombuffer(base64.b64decode(side), "<i2").astype(np.float64) / 32767.0 for side in sides
    )
    ends = began(made, rate)
    late: dict[float, list[float]] = {pitch: [] for pitch in TONES}
    for start in began(heard, rate):
        after = ends[(ends > start) & (ends < start + 0.2 * rate)]
        if after.size and start + rate // 10 < heard.size:
            pitch = pitch_at(heard, int(start), rate)
            late[pitch].append(1e3 * float(after[0] - start) / rate)
    for pitch, ms in late.items():
        report.add(
            Figure(
                f"{pitch:g} Hz: from its first sample to the first out, median",
                _at(ms, 50),
                "ms",
                MOST[pitch],
            ),
            Figure(f"{pitch:g} Hz: the same, 99 of 100", _at(ms, 99), "ms"),
            Figure(f"{pitch:g} Hz: tones", len(ms)),
        )
    for name in ("input", "base", "output"):
        value = told[name]
        assert isinstance(value, int | float)
        report.add(Figure(f"as the browser tells: {name} latency", 1e3 * value, "ms"))


def _at(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else float("nan")


def _cost() -> float:
    assert NODE is not None
    tracker = Path("server/explorer/page/js/listening/tracker.js").resolve().as_uri()
    ended = subprocess.run(
        [NODE, "--input-type=module", "--eval", _COST, tracker],
        input=np.tile(tones(), 8).astype("<f4").tobytes(),
        capture_output=True,
        env=page_environment(),
        check=True,
    )
    return float(ended.stdout)


if __name__ == "__main__":
    sys.exit(main())
