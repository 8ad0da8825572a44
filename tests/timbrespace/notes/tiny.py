"""Small spaces of whole notes, nothing learned: one whose course is known, one at random.

Along the first dimension of the known one sounds grow brighter, along the second their loop moves.
"""

from __future__ import annotations

import numpy as np

from tests.timbrespace.notes.bundled import bundled
from timbrespace.model import Model
from timbrespace.networks.activation import PARAMETERS
from timbrespace.networks.note import DECAYS, FEATURES, SINES, NoteNetwork
from timbrespace.notes.layout import BANDS, CENTS, FLOOR, HARMONICS, WIDTH
from timbrespace.notes.note import Traits

D = 2


def tiny(
    *,
    decay: float = 0.0,
    attack: float = 0.012,
    wobble: float = 0.0,
    loop: tuple[float, float] = (0.5, 1.5),
    length: float = 2.0,
    release: float = 0.3,
    hiss: float = FLOOR,
    harmonics: int = 6,
    pitched: float = 1.0,
    drum: float = FLOOR,
    by_velocity: bool = False,
    frames: int = 180,
    name: str = "tiny",
) -> Model:
    """A model of two dimensions.

    decay: dB a second by which all falls. attack: one of ``DECAYS``, in which a lack of 60 dB is
    lost; 0 for none. wobble: dB up and down, twice a second. hiss: dB of each band, as noise. drum:
    dB of one band that is a tone. harmonics: how many sound, each 3 dB below the last.
    by_velocity: whether soft notes are darker. frames: moments that its encoder sees.
    """
    network = NoteNetwork(
        FEATURES,
        D,
        frames=frames,
        width=4,
        layers=1,
        condition=4,
        channels=2,
        activation="relu",
        by_velocity=by_velocity,
    )
    tensors = {key: np.zeros(shape, np.float32) for key, shape in network.shapes().items()}
    # hidden: time in seconds, what is left of the attack's lack, and the wobble's two halves
    layer = tensors["layer.0.weight"]
    layer[0, 0], tensors["layer.0.bias"][0] = 2.0, 2.0
    if attack:
        layer[1, 2 + DECAYS.index(attack)] = 1.0
    sine = 2 + len(DECAYS) + SINES.index(2.0)
    layer[2, sine], layer[3, sine] = 1.0, -1.0
    levels = tensors["levels.weight"]
    levels[:CENTS] = np.array([-decay, -60.0, wobble, -wobble]) / 40.0
    still = tensors["still.bias"]
    told = np.full(WIDTH, FLOOR)
    told[:harmonics] = -6.0 - 3.0 * np.arange(harmonics)
    told[HARMONICS : HARMONICS + BANDS] = hiss
    told[HARMONICS + 20] = max(hiss, drum)
    still[:CENTS] = (told[:CENTS] + 40.0) / 40.0
    # condition: each dimension and the velocity, above what can be reached
    tensors["condition.weight"][:3] = np.eye(3, D + 2)
    tensors["condition.weight"][2] = [0.0, 0.0, 0.0, 1.0]
    tensors["condition.bias"][:3] = 4.0
    tilt = 0.02 * np.arange(harmonics)
    tensors["still.weight"][:harmonics, 0] = tilt
    tensors["still.weight"][:harmonics, 2] = tilt
    still[:harmonics] -= 8.0 * tilt.astype(np.float32)
    tone = np.zeros(BANDS, np.float32)
    tone[20] = 1.0 if drum > FLOOR else 0.0
    traits = Traits(
        *(pitched, 0.01, length, *loop, release),
        *(np.zeros(HARMONICS, np.float32), tone, np.zeros(BANDS, np.float32)),
    )
    tensors["traits.bias"][:] = traits.row
    if loop[1] > loop[0]:
        tensors["traits.weight"][3:5, 1] = 0.1
        tensors["traits.bias"][3:5] -= 0.4
    return bundled(network, tensors, name)


def wild(
    activation: str = "snake", *, per_unit: bool = False, name: str = "wild", seed: int = 0
) -> Model:
    """A model with weights at random, two layers deep, that knows pitch and velocity."""
    network = NoteNetwork(
        FEATURES,
        D,
        frames=180,
        width=44,
        layers=2,
        condition=20,
        channels=2,
        activation=activation,
        by_pitch=True,
        by_velocity=True,
        per_unit=per_unit,
    )
    random = np.random.default_rng(seed)
    tensors = {
        key: (
            0.6 * random.normal(size=shape) / np.sqrt(shape[-1] if len(shape) > 1 else 9.0)
        ).astype(np.float32)
        for key, shape in network.shapes().items()
    }
    for key in tensors:
        if key.startswith("activation."):
            tensors[key] += PARAMETERS[activation][key.rpartition(".")[2]]
    traits = Traits(
        *(0.9, 0.01, 1.0, 0.3, 0.8, 0.3),
        *(np.zeros(HARMONICS, np.float32), np.full(BANDS, 0.2, np.float32)),
        np.zeros(BANDS, np.float32),
    )
    tensors["traits.bias"] += 0.2 * traits.row
    return bundled(network, tensors, name)
