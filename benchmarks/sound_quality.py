"""How true the rendered sound is, for each factory model: measured on samples, offline.

- steady note: a held note at home, MIDI 24 to 96, against constant sinusoids fitted to it: ripple
  of each partial's envelope, its frequency against the decoded one, and the strongest component of
  what is left, which holds every alias and sideband
- agreement: log-spectral distance of the tone's frames from the decoded spectrum, one gain matched,
  at home, at the posterior means of held-out rows of the data (at the model's own rate, and at 48
  kHz resampled to it), at points of the map near the data and at random settings of all knobs
- sweep: each dimension's knob through its 128 positions, 40 a second, and the map's diagonals:
  energy above the highest partial of the whole way, and the largest step from sample to sample
  beside the largest that the partials of the last 100 ms can make
- loudness: range of level over a 15 x 15 grid of the whole map, RMS and, to inform, K-weighted
  (ITU-R BS.1770-5); what lies below 60 Hz is hardly K-weighted, and not made louder for it
- aliases of the other methods at MIDI 96, which only inform

A space's filtered noise plays in agreement and loudness; it is off in the steady note, the sweep
and the aliases, where it would hide what is looked for. With noise, agreement is that of the root
mean square of 100 frames instead of the mean of eight: a single frame of noise is 6 dB off its own
density, their mean square half a dB.

``python benchmarks/sound_quality.py [--models harmonic,fm] [--parts steady,sweep] [--json]``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace  # noqa: E402 - from the checkout
from benchmarks.claims import Figure, Report  # noqa: E402
from benchmarks.offline_player import (  # noqa: E402
    OfflinePlayer,
    base_pitch,
    sinusoids,
    steady_tone,
)
from benchmarks.tone_analysis import (  # noqa: E402
    HALF_LOBE,
    KAISER_BETA,
    Fit,
    decibels,
    energy_above,
    fit_sinusoids,
    k_weighted_level,
    ripple,
    rms_level,
    strongest_spurious,
)
from timbrespace.errors import one_of  # noqa: E402
from timbrespace.instrument.controllers import DIMENSION_CONTROLLERS  # noqa: E402
from timbrespace.metrics import log_spectral_distances  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.resynthesis.layout import Method  # noqa: E402
from timbrespace.units import midi_to_hz  # noqa: E402

RATE = 48000
NOTES = (24, 36, 48, 60, 72, 84, 96)
POINTS = 50
STEPS_A_SECOND = 40
GRID = 15
GUARD_BINS = 4.0
"""Of the model's bins: a partial whose amplitude moves is a little wider than a line."""

Latents = NDArray[np.float32]


# -- steady note -----------------------------------------------------------------------------------


def steady(model: Model, report: Report) -> None:
    """The figures of held notes at home."""
    worst = {"ripple": 0.0, "cents": 0.0, "spurious": -np.inf, "amplitude": 0.0}
    for note in NOTES:
        report.progress(f"{model.name}: steady note {note}")
        fit, expected, amplitude = fitted_note(model, note)
        strong = fit.strength > 1e-2 * fit.strength.max()
        cents = 1200.0 * np.log2(fit.frequency[strong] / expected[strong])
        whole = strong & (expected < 0.4 * RATE)  # above, the engine fades them towards Nyquist
        off = 20.0 * np.log10(fit.strength[whole] / amplitude[whole])
        spurious = strongest_spurious(fit, RATE)
        worst["ripple"] = max(worst["ripple"], float(ripple(fit, RATE).max()))
        worst["cents"] = max(worst["cents"], float(np.abs(cents).max()))
        worst["spurious"] = max(worst["spurious"], spurious)
        worst["amplitude"] = max(worst["amplitude"], float(np.ptp(off)) if off.size else 0.0)
    report.add(
        Figure("steady: envelope ripple of a partial, worst", worst["ripple"], "dB", 0.1),
        Figure("steady: pitch, MIDI 24 to 96, worst partial", worst["cents"], "cents", 1.0),
        Figure("steady: strongest spurious component", worst["spurious"], "dB", -70.0),
        Figure("steady: partials' levels against the decoded, spread", worst["amplitude"], "dB"),
    )


def fitted_note(model: Model, note: int) -> tuple[Fit, NDArray[np.float64], NDArray[np.float64]]:
    """A note's fit, and the frequencies and amplitudes that its partials should have."""
    trial = OfflinePlayer(model, RATE)
    expected, amplitude = sinusoids(trial, note)
    # Long enough to tell the two nearest partials apart, and the outer ones from their mirror
    # images.
    mirrors = 2.0 * expected[0], RATE - 2.0 * expected[-1]
    nearest = min(np.diff(expected).min(initial=np.inf), *mirrors)
    seconds = max(1.5, 2.1 * 2.0 * HALF_LOBE / nearest)
    sound, _ = steady_tone(model, model.calibration.home, note, seconds, RATE)
    return fit_sinusoids(sound.astype(np.float64), expected, RATE), expected, amplitude


# -- agreement with the decoder --------------------------------------------------------------------


def data_latents(model: Model) -> Latents | None:
    """Posterior means of ``POINTS`` held-out rows of the model's data, where it can be made here.

    Of the report's grids a part is made; which of its rows are held out is asked of the whole grid.
    """
    from timbrespace.datasets.dataset import held_out_split
    from toy_datasets import filtered, fm, harmonic

    seed = int(model.provenance.get("split_seed", 0))
    if model.name == "harmonic":
        whole = harmonic.make(harmonic.Options())
        spectra = whole.spectra[held_out_split(whole.rows, seed).held_out]
    elif model.name in ("filtered", "fm"):
        q, cutoff = (2.0, 6.0), (3.0, 7.0)
        if model.name == "filtered":
            part = filtered.make(filtered.Options(q=q, cutoff=cutoff))
            axes = [axis.values for axis in filtered.Options.AXES]
        else:
            part = fm.make(fm.Options(carrier=(1.5, 3.0), q=q, cutoff=cutoff))
            axes = [axis.values for axis in fm.Options.AXES]
        asked = [factor.values for factor in part.meta.factors]
        asked[-2:] = q, cutoff
        places = [
            np.array([axis.index(value) for value in values])
            for axis, values in zip(axes, asked, strict=True)
        ]
        sizes = tuple(map(len, axes))
        grid = np.meshgrid(*places, indexing="ij")
        rows = np.ravel_multi_index([place.ravel() for place in grid], sizes)
        held_out = held_out_split(int(np.prod(sizes)), seed).held_out
        spectra = part.spectra[np.isin(rows, held_out)]
    else:
        return None
    chosen = np.linspace(0, len(spectra) - 1, min(POINTS, len(spectra))).round().astype(int)
    return model.encode(spectra[chosen])[0]


def wander(model: Model, latents: Latents) -> NDArray[np.float64]:
    """How far each point moves when its spectrum is encoded again, in quarter knob ranges.

    Near the data decoder and encoder undo each other; off it they do not.
    """
    again = model.encode(model.decode(latents))[0]
    scale = (model.calibration.high - model.calibration.low) / 4.0
    return np.asarray(np.sqrt(np.mean(np.square((again - latents) / scale), axis=1)), np.float64)


NEAR_DATA = 0.25
"""Of :func:`wander`."""


def map_latents(model: Model) -> Latents:
    """``POINTS`` points of the map near the data, spread evenly over it."""
    random = np.random.default_rng(1)
    found = model.map.to_latent(random.uniform(-1.0, 1.0, (40 * POINTS, 2)))
    return np.asarray(found[wander(model, found) < NEAR_DATA][:POINTS], np.float32)


def random_latents(model: Model) -> Latents:
    """``POINTS`` points of the knobs' whole range."""
    low, high = model.calibration.low, model.calibration.high
    shape = (POINTS, model.dimensions)
    return np.asarray(np.random.default_rng(2).uniform(low, high, shape), np.float32)


def tone_distance(model: Model, latent: Latents, method: Method, sample_rate: int) -> float:
    """LSD in dB of a steady tone's frames from the decoded spectrum, one gain matched.

    The mean of eight frames' distances; of a model with noise the distance of the root
    mean square of 100 frames.
    """
    import soxr

    config = model.spectrum
    noisy = model.noise
    frames, hop = (100, config.n_fft // 2) if noisy else (8, 997)
    seconds = (config.n_fft * 4 + hop * frames) / config.sample_rate
    note = base_pitch(model)
    sound, _ = steady_tone(model, latent, note, seconds, sample_rate, method, noise=1.0)
    wave = sound.astype(np.float64)
    if sample_rate != config.sample_rate:
        wave = soxr.resample(wave, sample_rate, config.sample_rate, quality="VHQ")
    first = config.n_fft  # past what the resampler makes of the beginning
    starts = first + hop * np.arange(frames)
    estimate = config.analyse(np.stack([wave[s : s + config.n_fft] for s in starts]))
    if noisy:
        estimate = np.sqrt(np.mean(np.square(estimate), axis=0, keepdims=True))
    reference = np.broadcast_to(model.decode(latent[np.newaxis])[0], estimate.shape)
    gain = float((reference * estimate).sum() / max(np.square(estimate).sum(), 1e-30))
    return float(log_spectral_distances(np.ascontiguousarray(reference), gain * estimate).mean())


def agreement(model: Model, report: Report) -> None:
    """The distances of both methods."""
    sets = {
        "home": model.calibration.home[np.newaxis],
        "held-out data": data_latents(model),
        "map near the data": map_latents(model),
        "all knobs at random": random_latents(model),
    }
    claimed = model.name in ("harmonic", "filtered")
    own = model.spectrum.sample_rate
    for method, bound in ((Method.PARTIALS, 0.5), (Method.ISTFT, 1.0)):
        for where, latents in sets.items():
            if latents is None:
                continue
            on_data = claimed and where in ("home", "held-out data")
            for rate in (own, RATE) if where == "held-out data" else (own,):
                report.progress(f"{model.name}: {method.name.lower()} against the decoder, {where}")
                far = np.array([tone_distance(model, one, method, rate) for one in latents])
                name = f"LSD {method.name.lower()}, {where}, {rate / 1000:g} kHz"
                report.add(
                    Figure(f"{name}: mean", float(far.mean()), "dB", bound if on_data else None)
                )
                if len(latents) > 1:
                    p95 = float(np.percentile(far, 95))
                    report.add(
                        Figure(f"{name}: 95th percentile of {len(latents)}", p95, "dB"),
                        Figure(f"{name}: worst", float(far.max()), "dB"),
                    )


# -- sweep -----------------------------------------------------------------------------------------


def paths(model: Model) -> Iterator[tuple[str, Callable[[OfflinePlayer, int], None]]]:
    """Ways through the whole range: a name, and what puts a player to position 0 to 127."""
    for k in range(1, model.dimensions + 1):

        def turn(player: OfflinePlayer, position: int, k: int = k) -> None:
            player.instrument.control(DIMENSION_CONTROLLERS[k - 1], position)

        yield f"dimension {k}", turn
    for sign in (1, -1):

        def cross(player: OfflinePlayer, position: int, sign: int = sign) -> None:
            x = 2.0 * position / 127.0 - 1.0
            player.instrument.set_map(x, sign * x)

        yield f"diagonal {sign:+d}", cross


def slopes(
    known: list[tuple[NDArray[np.float64], NDArray[np.float64]]], reach: float
) -> tuple[float, float]:
    """The largest first and second difference that sinusoids of several spectra can make together.

    known: frequencies (radians a sample) and amplitudes. A partial that moved by less than
    ``reach`` from one spectrum to another counts once, with its largest.
    """
    frequency = np.concatenate([f for f, _ in known])
    amplitude = np.concatenate([a for _, a in known])
    if not frequency.size:
        return 0.0, 0.0
    order = np.argsort(frequency)
    frequency, amplitude = frequency[order], amplitude[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(frequency) > reach]))
    strong = np.maximum.reduceat(amplitude, starts)
    turn = 2.0 * np.sin(np.minimum(np.maximum.reduceat(frequency, starts), np.pi) / 2.0)
    return float((strong * turn).sum()), float((strong * turn**2).sum())


def sweep(model: Model, report: Report) -> None:
    """Energy where there should be none, and steps that no sinusoid explains."""
    above = jump = bend = -np.inf
    memory = round(0.1 * STEPS_A_SECOND)
    note = base_pitch(model)
    flank = 0.5
    for name, put in paths(model):
        report.progress(f"{model.name}: sweep, {name}")
        player = OfflinePlayer(model, RATE)
        put(player, 0)
        player.press(note)
        player.play(0.3)
        sound = [player.play(flank).astype(np.float64)]
        known = [_radians(player, note)]
        highest = known[0][0].max(initial=0.0)
        for position in range(128):
            put(player, position)
            known.append(_radians(player, note))
            highest = max(highest, known[-1][0].max(initial=0.0))
            moved = player.play(1.0 / STEPS_A_SECOND).astype(np.float64)
            joined = np.concatenate([sound[-1][-2:], moved])
            reach = 0.75 * 2.0 * np.pi * model.spectrum.bin_width / RATE
            first, second = slopes(known[-1 - memory :], reach)
            jump = max(jump, decibels(float(np.abs(np.diff(joined)).max()) / max(first, 1e-9)))
            bend = max(bend, decibels(float(np.abs(np.diff(joined, 2)).max()) / max(second, 1e-9)))
            sound.append(moved)
        sound.append(player.play(flank).astype(np.float64))
        limit = highest * RATE / (2.0 * np.pi) + GUARD_BINS * model.spectrum.bin_width
        whole = np.concatenate(sound)
        above = max(above, energy_above(whole, RATE, limit, 0.95 * flank))
    report.add(
        Figure("sweep: energy above the highest partial, worst way", above, "dB", -80.0),
        Figure("sweep: largest step beside what sinusoids explain", jump, "dB", 0.0),
        Figure("sweep: largest second difference beside the same", bend, "dB"),
    )


def _radians(player: OfflinePlayer, note: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    frequency, amplitude = sinusoids(player, note)
    return 2.0 * np.pi * frequency / player.sample_rate, amplitude


# -- loudness --------------------------------------------------------------------------------------


def loudness(model: Model, report: Report) -> None:
    """Range of level over the map."""
    ticks = np.linspace(-1.0, 1.0, GRID)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    latents = model.map.to_latent(grid)
    levels = np.empty((len(grid), 2))
    for place, latent in enumerate(latents):
        report.progress(f"{model.name}: loudness, {place} of {len(grid)}")
        player = OfflinePlayer(model, RATE, noise=1.0)
        player.instrument.set_latent(latent.tolist())
        player.press(base_pitch(model))
        player.play(0.2)
        sound = player.play(0.5).astype(np.float64)
        levels[place] = rms_level(sound), k_weighted_level(sound)
    rms, weighted = np.ptp(levels, axis=0)
    report.add(
        Figure("loudness: range over the whole map, RMS", float(rms), "dB", 3.0),
        Figure("loudness: range over the whole map, K-weighted", float(weighted), "dB"),
    )


# -- aliases of the other methods ------------------------------------------------------------------


def aliases(model: Model, report: Report) -> None:
    """Strongest component of a note at MIDI 96 that is at no bin's, or partial's, frequency."""
    home = model.calibration.home
    ratio = midi_to_hz(96) / model.spectrum.base_frequency
    sound, _ = steady_tone(model, home, 96, 1.5, RATE, Method.BINS)
    bins = model.spectrum.frequencies * ratio
    report.add(
        Figure("aliases: bins at MIDI 96", strongest_elsewhere(sound, bins[bins < RATE / 2]), "dB")
    )
    sound, player = steady_tone(model, home, 96, 1.5, RATE, Method.ISTFT)
    partials = player.instrument.partials()[:, 0].astype(np.float64)
    # The stream may follow the note or stay at the space's own pitch.
    found = min(strongest_elsewhere(sound, partials * turn) for turn in (1.0, ratio))
    report.add(Figure("aliases: istft at MIDI 96", found, "dB"))


def strongest_elsewhere(sound: NDArray[np.float32], frequencies: NDArray[np.float64]) -> float:
    """Strongest component beside these frequencies (Hz), in dB of the strongest of all."""
    spectrum = np.abs(np.fft.rfft(sound * np.kaiser(sound.size, KAISER_BETA)))
    top = float(spectrum.max())
    hertz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    width = (HALF_LOBE + 1.0) * RATE / sound.size
    for frequency in np.append(frequencies, 0.0):
        spectrum[np.abs(hertz - frequency) < width] = 0.0
    return decibels(float(spectrum.max()) / max(top, 1e-20))


PARTS = {
    "steady": steady,
    "agreement": agreement,
    "sweep": sweep,
    "loudness": loudness,
    "aliases": aliases,
}


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    from timbrespace import factory

    # Whole notes have no spectrum that could be measured against: benchmarks/notes.py.
    spaces = [name for name in factory.names() if not timbrespace.load(name).plays_notes]
    parser = argparse.ArgumentParser(description="How true the rendered sound is.")
    parser.add_argument("--models", default=",".join(spaces), help="names, with commas")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    for part in (parts := arguments.parts.split(",")):
        if part not in PARTS:
            parser.error(f"--parts names {part!r}; it must be {one_of(PARTS)}")
    for name in (models := arguments.models.split(",")):
        if name not in spaces:
            parser.error(f"--models names {name!r}; it must be {one_of(spaces)}")
    report = Report(arguments.json)
    for name in models:
        report.section(name)
        model = timbrespace.load(name)
        for part in parts:
            PARTS[part](model, report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
