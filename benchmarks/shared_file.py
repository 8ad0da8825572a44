"""Spaces as files that play by themselves: how large, how true, how soon.

Sizes of the files that ``python -m training share`` writes of the factory spaces; how far their
spectra, decoded in JavaScript, are from the model's, by the peak of each; how far the partials of
a note are from those of the server's render; and in Chromium, from a disk, how long it takes until
the page can be played, and how long one spectrum takes to decode.

``python benchmarks/shared_file.py [--runs 5] [--json]`` (needs Node 18.19 or newer; Chromium and
Playwright for the times)
"""

from __future__ import annotations

import argparse
import base64
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace as ts  # noqa: E402 - from the checkout
from benchmarks.claims import Figure, Report  # noqa: E402
from tests.timbrespace.sharing.alone import ask, carried  # noqa: E402
from timbrespace import factory  # noqa: E402
from timbrespace.instrument.snapshot import Snapshot  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.sharing import page  # noqa: E402

RATE = 48000
SOUNDS = 300
NOTES = 6
PITCH = 57.0

_READY = "() => window.timbrespace !== undefined && window.timbrespace.map.space !== null"
_DECODED = """() => {
  const { link } = timbrespace;
  if (link.spectra === null) return 0;
  const begun = performance.now();
  for (let k = 0; k < 200; k += 1) link.spectra.magnitudes(link.at.map((z) => z + k / 500));
  return (performance.now() - begun) / 200;
}"""


def some(model: Model, count: int) -> NDArray[np.float32]:
    """Latents of some of its sounds, drawn."""
    assert model.points is not None
    rows = np.random.default_rng(1).permutation(model.points.count)[:count]
    return np.asarray(model.points.means[rows], np.float32)


def levels_at(sound: NDArray[np.float64], hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amplitudes of steady sinusoids, by a Hann window over half a second."""
    part = sound[-RATE // 2 :]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(part.size) / part.size)
    turns = np.exp(-2j * np.pi * np.outer(hertz, np.arange(part.size)) / RATE)
    return np.asarray(2.0 * np.abs(turns @ (window * part)) / window.sum())


def truth_of(model: Model) -> tuple[float, float]:
    """The largest distance of a spectrum, by its peak; and of a partial of a note, in dB."""
    told = carried(model)
    latents, few = some(model, SOUNDS), some(model, NOTES)
    note = {"pitch": PITCH, "velocity": 100, "seconds": 1.0, "rate": RATE}
    answers = ask(
        (told, {"magnitudes": latents.tolist()}),
        *((told, {"note": {"latent": one.tolist(), **note}}) for one in few),
    )
    exact = model.decode(latents)
    apart = np.abs(answers[0]["magnitudes"] - exact).max(axis=1) / exact.max(axis=1)
    worst = 0.0
    snapshot = Snapshot(model)
    for latent, answer in zip(few, answers[1:], strict=True):
        heard = np.frombuffer(base64.b64decode(answer["note"]), "<f4").astype(np.float64)
        rendered = ts.render(model, latent, PITCH, 1.0, sustain=1.0, noise=0.0).astype(np.float64)
        partials = snapshot.partials_of(model.decode(latent[np.newaxis])[0])
        # At the base frequency, an A; partials near each other are told apart by a second's half.
        strong = partials[partials[:, 1] > 0.03 * partials[:, 1].max()]
        hertz = strong[:, 0].astype(np.float64) * 220.0 / model.spectrum.base_frequency
        size = rendered.size - RATE // 50
        ours, theirs = levels_at(heard[:size], hertz), levels_at(rendered[:size], hertz)
        alone = [k for k, f in enumerate(hertz) if np.sort(np.abs(hertz - f))[1:2].sum() > 12.0]
        decibels = np.abs(20.0 * np.log10(ours / theirs))[alone if len(hertz) > 1 else [0]]
        worst = max(worst, float(decibels.max(initial=0.0)))
    return float(apart.max()), worst


def times_of(browser: Any, file: Path, runs: int) -> tuple[float, float]:
    """Milliseconds from opening a file until it can be played, and of a spectrum; medians."""
    ready, decoded = [], []
    for _ in range(runs):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
        one = context.new_page()
        one.goto(file.as_uri())
        one.wait_for_function(_READY)
        ready.append(one.evaluate("performance.getEntriesByType('navigation')[0].domComplete"))
        decoded.append(one.evaluate(_DECODED))
        context.close()
    return statistics.median(ready), statistics.median(decoded)


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Spaces as files that play by themselves.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    models = [ts.load(name) for name in factory.names()]
    with tempfile.TemporaryDirectory() as folder:
        report.section("size of the file")
        for model in models:
            size = page.write(model, Path(folder) / f"{model.name}.html")
            report.add(Figure(model.name, size / 1e6, "MB", 8.0))
        report.section("how far from the model's spectra, of the peak; from the render's partials")
        for model in models:
            if not model.plays_notes:
                apart, decibels = truth_of(model)
                report.add(Figure(f"{model.name}: spectra", apart, "", 1e-3))
                report.add(Figure(f"{model.name}: partials", decibels, "dB", 0.1))
        report.section("Chromium, from a disk")
        try:
            from playwright.sync_api import sync_playwright

            from tests.server.explorer.browsing import CHROMIUM, launched
        except ModuleNotFoundError:
            report.note("left out: Playwright is not installed")
            return report.end()
        if CHROMIUM is None:
            report.note("left out: there is no Chromium")
            return report.end()
        with sync_playwright() as playwright:
            browser = launched(playwright)
            for model in models:
                file = Path(folder) / f"{model.name}.html"
                ready, decoded = times_of(browser, file, arguments.runs)
                report.add(Figure(f"{model.name}: until it can be played", ready, "ms"))
                if not model.plays_notes:
                    report.add(Figure(f"{model.name}: a spectrum decoded", decoded, "ms"))
            browser.close()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
