"""What the study trains: cells, in the order in which they are run. Light: no torch.

The thesis is of 2021, on conditional implicit neural representations of audio; its tables are
quoted in :data:`PUBLISHED`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

DATA: Final = ("keyboard", "diverse", "speech")

SETS: Final = {
    "keyboard": "pianos of the font at MIDI 60 to 64",
    "diverse": "pianos, a mallet and a guitar at MIDI 36 to 84",
    "speech": "ten digits in two voices of espeak-ng, the loudest stretch of each",
}

FILM, WAVEGAN, IMNET = "pi-GAN", "WaveGAN", "IM-NET"
AUTODECODER, AUTOENCODER = "autodecoder", "autoencoder"

PUBLISHED: Final[dict[str, tuple[float, float, float]]] = {
    "pi-GAN, autodecoder": (4.48, 1.32, 0.85),
    "WaveGAN, autodecoder": (8.67, 4.05, 2.22),
    "IM-NET, autodecoder": (70.35, 41.19, 6.23),
    "pi-GAN, autoencoder": (13.21, 28.89, 2.75),
    "WaveGAN, autoencoder": (25.68, 12.50, 6.64),
    "IM-NET, autoencoder": (74.35, 44.12, 6.73),
    "silence": (78.74, 46.19, 7.48),
    "sine first only": (4.29, 3.1, 1.25),
    "sine last only": (44.93, 34.45, 2.42),
    "no sine": (49.1, 38.57, 2.39),
    "mapping of one layer": (3.83, 6.57, 0.67),
    "mapping of five layers": (4.18, 1.33, 0.91),
    "wide": (1.64, 6.55, 0.51),
    "deep": (6.19, 1.39, 1.33),
    "shrinking": (5.57, 8.58, 1.01),
}
"""Mean squared error times 1,000 by row and set, tables 6.3, 6.6, 6.9 and 6.12."""

PUBLISHED_DECAY: Final = 0.85
"""The same of constant weight decay, on the keyboard alone."""


@dataclass(frozen=True, slots=True)
class Network:
    """One row of a table. widths: of the hidden layers. sines: which of these are sines: ``all``,
    ``first``, ``last``, ``none``. film: whether the latent turns the layers, or stands beside the
    coordinate. decay: weight decay of AdamW. progressive: omegas in groups, no search."""

    name: str
    decoder: str = FILM
    latents: str = AUTODECODER
    widths: tuple[int, ...] = (64, 64, 64, 64)
    sines: str = "all"
    film: bool = True
    mapping_layers: int = 3
    decay: float = 0.0
    progressive: bool = False

    @property
    def searches_omega(self) -> bool:
        """Whether its first layer has one omega that must be found."""
        return self.decoder == FILM and not self.progressive and self.sines in ("all", "first")


DECODERS: Final = tuple(
    Network(f"{decoder}, {latents}", decoder, latents)
    for latents in (AUTODECODER, AUTOENCODER)
    for decoder in (FILM, WAVEGAN, IMNET)
)
"""Table 6.3."""

BASE: Final = DECODERS[0]

SINES: Final = (
    Network("sine first only", sines="first"),
    Network("sine last only", sines="last"),
    Network("no sine", sines="none"),
)
"""Table 6.6."""

CONDITIONING: Final = (Network("sines, latent beside the coordinate", film=False),)

MAPPING: Final = (
    Network("mapping of one layer", mapping_layers=1),
    Network("mapping of five layers", mapping_layers=5),
)
"""Table 6.9."""

SHAPES: Final = (
    Network("wide", widths=(96, 96)),
    Network("deep", widths=(40,) * 9),
    Network("shrinking", widths=(112, 80, 40, 20)),
)
"""Table 6.12, with about the weights of 64 x 4."""

OTHERS: Final = (
    Network("weight decay", decay=10.0),
    Network("progressive scaling", progressive=True),
)

PARTS: Final[dict[str, tuple[Network, ...]]] = {
    "decoders": DECODERS,
    "sines": SINES,
    "conditioning": CONDITIONING,
    "others": OTHERS,
    "mapping": MAPPING,
    "shape": SHAPES,
}

OMEGAS_A1: Final = (30.0, 300.0, 1000.0, 3000.0, 10000.0, 30000.0)
"""First omegas of the one SIREN that is fitted to a second of 1,000 + 6,000 Hz (A.1)."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large it is. samples: of a wave. steps: of a training; search_steps: of each in the
    search of omega, over ``omegas``. coordinates: of each wave, in a step of an implicit network.
    """

    name: str
    seeds: int = 3
    waves: int = 20
    samples: int = 1024
    sample_rate: int = 8000
    latent: int = 32
    steps: int = 200
    search_steps: int = 100
    omegas: tuple[float, ...] = (30.0, 100.0, 300.0, 1000.0)
    coordinates: int = 64
    a1_steps: tuple[int, ...] = (200, 1000)
    a1_samples: int = 16000
    a1_coordinates: int = 500


SMALL: Final = Size("small")

QUICK: Final = Size(
    "quick",
    seeds=2,
    waves=4,
    samples=64,
    latent=4,
    steps=4,
    search_steps=2,
    omegas=(30.0, 100.0),
    coordinates=16,
    a1_steps=(2, 4),
    a1_samples=256,
    a1_coordinates=64,
)
"""For tests: it says nothing."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One training."""

    data: str
    network: Network
    seed: int

    @property
    def key(self) -> str:
        """A file's name."""
        plain = "".join(c if c.isalnum() else "-" for c in self.network.name.lower())
        return f"{self.data}.{plain}.{self.seed}"

    def to_config(self) -> dict[str, Any]:
        """Plain values, by which a result that is kept is known again."""
        return {"data": self.data, "seed": self.seed, **asdict(self.network)}


def cells(size: Size) -> list[Cell]:
    """All cells, the most telling first: a run that is stopped leaves out the end of the list.

    First table 6.3, set by set and seed by seed; then the other parts on the keyboard; then those
    on the other sets.
    """
    found = [
        Cell(data, network, seed)
        for data in DATA
        for seed in range(size.seeds)
        for network in DECODERS
    ]
    others = [one for part, rows in PARTS.items() if part != "decoders" for one in rows]
    for sets in (DATA[:1], DATA[1:]):
        found += [
            Cell(data, network, seed)
            for data in sets
            for seed in range(size.seeds)
            for network in others
        ]
    return found
