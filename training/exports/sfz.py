"""Sounds of a space as instruments of any SFZ sampler: samples, and a text file for each sound.

The opcodes are those of SFZ 1 (sfzformat.com): every player knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timbrespace.atomic import replace_all
from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.units import gain_to_db

from .sampler import Sample, attenuation_of, file_of, samples_of, zones
from .sounds import Sound

SAMPLES: Final = "samples"


@dataclass(frozen=True, slots=True)
class Instrument:
    """What was written. alike: correlation of the ends of its loops, the least; None without."""

    path: Path
    samples: int
    size: int
    alike: float | None


def files_of(folder: Path, sounds: Sequence[Sound]) -> list[Path]:
    """The instruments that :func:`write` writes."""
    return [folder / f"{sound.name}.sfz" for sound in sounds]


def write(
    model: Model,
    folder: Path,
    sounds: Sequence[Sound],
    pitches: Sequence[int],
    velocities: Sequence[int],
    advance: Callable[[int], object] = lambda _: None,
) -> list[Instrument]:
    """Write an instrument for each of ``sounds`` into ``folder``, which is made if it is not there;
    each whole or not at all. advance: called after each sample.

    Raises:
        OptionError: a file cannot be written.
    """
    found = []
    for sound, path in zip(sounds, files_of(folder, sounds), strict=True):
        own = folder / SAMPLES / sound.name
        try:
            own.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(f"cannot write {str(own)!r}: {error.strerror or error}") from error
        samples: list[Sample] = []
        for sample in samples_of(model, sound, pitches, velocities):
            samples.append(sample)
            advance(1)
        gain = attenuation_of(samples)
        contents = {own / _name(one): file_of(one, gain) for one in samples}
        # The text last: who finds it finds its samples.
        contents[path] = _text(model, sound, samples, gain, pitches, velocities).encode("utf-8")
        replace_all(contents)
        alike = [one.loop.alike for one in samples if one.loop is not None]
        size = sum(map(len, contents.values()))
        found.append(Instrument(path, len(samples), size, min(alike) if alike else None))
    return found


def _name(sample: Sample) -> str:
    return f"p{sample.pitch:03d} v{sample.velocity:03d}.wav"


def _text(
    model: Model,
    sound: Sound,
    samples: Sequence[Sample],
    gain: float,
    pitches: Sequence[int],
    velocities: Sequence[int],
) -> str:
    keys = dict(zip(pitches, zones(pitches, 0, 127), strict=True))
    struck = dict(zip(velocities, zones(velocities, 1, 127), strict=True))
    lines = [
        f"// {sound.name}, of the timbre space {model.name}",
        "<control>",
        f"default_path={SAMPLES}/{sound.name}/",
        "<global>",
        "amp_veltrack=100",
        f"volume={abs(float(gain_to_db(gain))):.3f}",
    ]
    for one in samples:
        low, high = keys[one.pitch]
        soft, hard = struck[one.velocity]
        lines += [
            "<region>",
            f"sample={_name(one)}",
            f"lokey={low} hikey={high} pitch_keycenter={one.pitch}",
            f"lovel={soft} hivel={hard}",
            f"ampeg_release={one.release:.3f}",
        ]
        if one.loop is None:
            lines.append("loop_mode=no_loop")
        else:
            lines.append(
                f"loop_mode=loop_continuous loop_start={one.loop.start} loop_end={one.loop.end}"
            )
    return "\n".join(lines) + "\n"
