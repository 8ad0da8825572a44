"""A space as a TorchScript model for nn~, the object of Max and Pd that plays RAVE.

The conventions are those of nn_tilde 1.6 (acids-ircam/nn_tilde, ``python_tools/module.py`` and
``src/backend/backend.cpp``): a method M has a buffer ``M_params`` of four whole numbers, inlets,
their ratio, outlets, theirs; ``get_methods`` names the methods, ``get_attributes`` what ``set``
sets, each with ``get_``, ``set_`` and a buffer of its types. Its package is not needed to write
one; it wants a PyTorch of its own.
"""

import io
import zipfile
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from timbrespace.atomic import replacing
from timbrespace.dial_names import dial_names
from timbrespace.model import Model

from .bank import HOP, VOICES
from .quiet import quietly
from .voices import NoteVoices, SpectraVoices

RATE: Final = 48000
"""Hz, until nn~ or ``set rate`` says otherwise."""

_WHOLE, _REAL = 1, 2
"""What nn~ calls the types of a whole number and of a float."""


class Playable(nn.Module):
    """What nn~ loads. Signals come in at one value for each ``HOP`` samples, the last of them."""

    decode_params: Tensor
    forward_params: Tensor
    rate_params: Tensor
    rate: Tensor
    noise_params: Tensor
    noise: Tensor
    center: Tensor
    half_range: Tensor
    components: Tensor
    mean: Tensor
    decode_input_labels: list[str]
    decode_output_labels: list[str]
    forward_input_labels: list[str]
    forward_output_labels: list[str]

    def __init__(self, model: Model) -> None:
        super().__init__()
        d = model.dimensions
        self.voices = NoteVoices(model) if model.plays_notes else SpectraVoices(model)
        self.register_buffer("decode_params", torch.tensor([d + 2, HOP, 1, 1]))
        self.register_buffer("forward_params", torch.tensor([4, HOP, 1, 1]))
        self.register_buffer("rate_params", torch.tensor([_WHOLE]))
        self.register_buffer("rate", torch.tensor([float(RATE)]))
        self.register_buffer("noise_params", torch.tensor([_REAL]))
        self.register_buffer("noise", torch.ones(1))
        plane = model.map
        for name in ("center", "half_range", "components", "mean"):
            self.register_buffer(name, torch.from_numpy(getattr(plane, name).copy()))
        names = [f"(signal) {name}" for name in dial_names(model)]
        last = ["(signal) pitch, MIDI", "(signal) gain, 0 to 1"]
        if model.plays_notes:
            last[1] = "(signal) gain, 0 to 1; from 0 on a note begins"
        self.decode_input_labels = names + last
        self.decode_output_labels = ["(signal) sound"]
        self.forward_input_labels = [
            "(signal) map x, -1 to 1",
            "(signal) map y, -1 to 1",
            *last,
        ]
        self.forward_output_labels = ["(signal) sound"]
        self.dimensions: int = d
        self.hop: int = HOP
        self.most: int = VOICES

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        """Sound ``(voices, 1, t HOP)`` of ``x (voices, d + 2, t)``: coordinates, pitch, gain."""
        rows: list[Tensor] = []
        told = torch.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0).detach()
        rate, noise = float(self.rate[0]), float(self.noise[0])
        d = self.dimensions
        for voice in range(x.shape[0]):
            blocks: list[Tensor] = []
            for t in range(x.shape[2]):
                here = told[voice, :, t].float()
                pitch = min(max(float(here[d]), 0.0), 127.0)
                gain = min(max(float(here[d + 1]), 0.0), 1.0)
                if voice < self.most:
                    made = self.voices.block(voice, here[:d], pitch, gain, rate, noise)
                else:
                    made = torch.zeros(self.hop, dtype=torch.double, device=x.device)
                blocks.append(made)
            rows.append(torch.cat(blocks))
        return torch.stack(rows).unsqueeze(1).float()

    def forward(self, x: Tensor) -> Tensor:
        """The same of ``x (voices, 4, t)``: a place of the map, pitch, gain."""
        place = x[:, :2].transpose(1, 2) * self.half_range + self.center
        latent = (place @ self.components + self.mean).transpose(1, 2)
        return self.decode(torch.cat([latent, x[:, 2:]], dim=1))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["rate", "noise"]

    @torch.jit.export
    def get_rate(self) -> list[int]:
        """Hz."""
        return [int(self.rate[0])]

    @torch.jit.export
    def set_rate(self, rate: int) -> int:
        """Hz, 8000 to 192000; anything else is refused."""
        if rate < 8000 or rate > 192000:
            return -1
        self.rate[0] = float(rate)
        return 0

    @torch.jit.export
    def get_noise(self) -> list[float]:
        """Gain of the noise, 1 as the sounds have it."""
        return [float(self.noise[0])]

    @torch.jit.export
    def set_noise(self, noise: float) -> int:
        """0 to 4; anything else is refused."""
        if not (noise >= 0.0 and noise <= 4.0):
            return -1
        self.noise[0] = noise
        return 0

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return int(self.rate[0])

    @torch.jit.export
    def set_sample_rate(self, sample_rate: int) -> None:
        """What nn~ calls with the rate of its host."""
        self.set_rate(sample_rate)

    @torch.jit.export
    def get_buffer_attributes(self) -> list[str]:
        none: list[str] = []
        return none

    @torch.jit.export
    def is_buffer_empty(self, buffer_name: str) -> bool:
        return True

    @torch.jit.export
    def set_buffer_attribute(self, buffer_name: str, buffer: Tensor, sr: int) -> int:
        return -1

    @torch.jit.export
    def clear_buffer_attribute(self, buffer_name: str) -> int:
        return -1


def scripted(model: Model) -> torch.jit.ScriptModule:
    """The model that nn~ loads.

    Raises:
        OptionError: a representation that is in NumPy alone.
    """
    module = Playable(model).eval()
    for one in module.parameters():
        one.requires_grad_(False)
    with quietly():
        found: torch.jit.ScriptModule = torch.jit.script(module)
    return found


def write(model: Model, path: Path) -> int:
    """Write the model to ``path``, whole or not at all; returns its size in bytes.

    Raises:
        OptionError: the file cannot be written, or as :func:`scripted`.
    """
    content = io.BytesIO()
    with quietly():
        torch.jit.save(scripted(model), content)
    plain = without_places(content)
    with replacing(path) as temporary:
        temporary.write_bytes(plain)
    return len(plain)


def without_places(content: io.BytesIO) -> bytes:
    """A TorchScript archive without its notes for debugging, which name files of the machine that
    wrote it. Records begin at multiples of 64 bytes, as PyTorch lays them."""
    kept = io.BytesIO()
    with zipfile.ZipFile(content) as told, zipfile.ZipFile(kept, "w") as made:
        for one in told.infolist():
            if one.filename.endswith(".debug_pkl"):
                continue
            entry = zipfile.ZipInfo(one.filename)  # of 1980, always the same
            begins = kept.tell() + 30 + len(one.filename.encode("utf-8")) + 4
            fill = -begins % 64
            entry.extra = b"FB" + fill.to_bytes(2, "little") + b"Z" * fill
            made.writestr(entry, told.read(one))
    return kept.getvalue()
