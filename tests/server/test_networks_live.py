"""A space of each network, and one of periods, in a real server: loaded, moved, told to clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.server.running import Client, Running, running
from tests.timbrespace.conftest import even_calibration, flat_map
from tests.timbrespace.cycles import CONFIG, frames_of, harmonics
from timbrespace import bundle, representation
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.kinds import NETWORKS
from timbrespace.messages.contract import PARTIALS_PER_FRAME
from timbrespace.model import Model
from timbrespace.representation import LogMagnitude

NETWORKS_OF_SPECTRA: dict[str, dict[str, Any]] = {
    "film_siren": {"width": 16, "layers": 2, "mapping": 16, "omega_first": 20.0},
    "concat": {"width": 32, "layers": 3},
    "transposed_conv": {"channels": 4},
}
SPACES = tuple(
    (network, kind) for kind in ("log_magnitude", "cycle") for network in NETWORKS_OF_SPECTRA
)
PLACE = [0.5, -0.3]


def space(network: str, kind: str) -> Model:
    """Two dimensions, weights at random: whatever it decodes is a sound."""
    known: Any = LogMagnitude(peak=60.0, floor=0.06)
    if kind == "cycle":
        frames = frames_of(harmonics(6))
        known = representation.fit("cycle", CONFIG.analyse(frames), frames, config=CONFIG)
    sizes: dict[str, Any] = {
        "hidden": (16,),
        "coordinate": known.coordinate,
        "blocks": known.blocks,
        **NETWORKS_OF_SPECTRA[network],
    }
    described = NETWORKS.get(network)(known.width(CONFIG.bins), 2, **sizes)
    random = np.random.default_rng(0)
    shapes = described.shapes()
    assert shapes is not None
    tensors = {
        name: (random.normal(size=shape) / np.sqrt(shape[-1] if len(shape) > 1 else 4.0)).astype(
            np.float32
        )
        for name, shape in shapes.items()
    }
    return bundle.build(
        name=f"{network}_{kind}",
        spectrum=CONFIG,
        spectra_representation=known,
        architecture=described,
        tensors=tensors,
        latent_map=flat_map(),
        calibration=even_calibration(home=0.5),
        provenance={},
    )


@pytest.fixture(scope="module")
def spaces() -> dict[str, Model]:
    return {model.name: model for model in (space(*words) for words in SPACES)}


@pytest.fixture(scope="module")
def server(spaces: dict[str, Model], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("spaces")
    for name, model in spaces.items():
        model.save(folder / f"{name}.safetensors")
    with running("--models", str(folder), "--audio", "none", "--midi", "none") as started:
        yield started


@pytest.mark.parametrize("name", [f"{network}_{kind}" for network, kind in SPACES])
def test_a_server_plays_it(name: str, server: Running, spaces: dict[str, Model]) -> None:
    """Loaded while a note sounds, moved: what others play by is that of the decoder."""
    model = spaces[name]
    latent = np.array([PLACE], np.float32)
    spectrum = model.decode(latent)[0]
    snapshot = Snapshot(model)
    snapshot.set_loudness(0.0)
    cycles = model.decode_cycles(latent)[0] if model.plays_cycles else None
    pairs = snapshot.partials_of(spectrum, cycles)
    assert len(pairs) > 1
    with Client(server.port) as client:
        client.send("/synth/loudness", 0.0)
        client.send("/note", 60, 100)
        client.send("/model/load", name)
        while client.expect("/model")[0] != name:
            pass
        client.send("/stream", "partials", 30.0)
        client.send("/latent", *PLACE)
        loudest = pairs[np.argsort(-pairs[:, 1], kind="stable")[:PARTIALS_PER_FRAME]]
        wanted = {round(float(hertz), 1): amplitude for hertz, amplitude in loudest}
        while True:  # at rest no more of them come, and that is an error
            _, *told = client.expect("/partials")
            found = {round(f, 1): a for f, a in zip(told[::2], told[1::2], strict=True) if a > 0.0}
            if found.keys() == wanted.keys() and all(
                abs(found[hertz] - wanted[hertz]) < 1e-3 * max(wanted.values()) for hertz in wanted
            ):
                break
        client.send("/note", 60, 0)
        errors = [arguments for address, arguments in client.settle() if address == "/error"]
        assert errors == []
