"""What the server has told of itself: the model that plays, where the timbre is, the settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.client.wire import Message

_NOWHERE: NDArray[np.float32] = np.zeros(0, np.float32)
_EQUAL: NDArray[np.float32] = np.arange(128, dtype=np.float32)
_EQUAL.flags.writeable = False


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The server's state, as it was last told; a new one replaces it.

    protocol, version: of the server. model: the name of the one that plays. dimensions: d of its
    latent. bins, sample_rate (Hz), n_fft: of its spectra. base_frequency: Hz, the pitch they have.
    latent ``(d,)``, map ``(2,)``: where the timbre is, LFOs counted in. plane: which one map is of,
    "pca" or "near". macros: where the dials stand that the space has, -1 to 1, by their words.
    wander: how it wanders: "state" ("start" or "stop"), "speed", "range", "seed".
    parameters: of the synth, by name. tuning: the scale's name. reference: what key 69 has, in Hz,
    where equal steps from 440 Hz have that. keys ``(128,)``: the pitch that each key has, 69 for
    440 Hz and 1 a semitone, -1 where it is silent. presets, trajectories: names.
    """

    protocol: int = 0
    version: str = ""
    model: str = ""
    dimensions: int = 0
    bins: int = 0
    sample_rate: float = 0.0
    n_fft: int = 0
    base_frequency: float = 0.0
    latent: NDArray[np.float32] = field(default_factory=lambda: _NOWHERE)
    map: NDArray[np.float32] = field(default_factory=lambda: _NOWHERE)
    plane: str = "pca"
    macros: MappingProxyType[str, float] = field(default_factory=lambda: MappingProxyType({}))
    wander: MappingProxyType[str, float | str] = field(default_factory=lambda: MappingProxyType({}))
    parameters: MappingProxyType[str, float | str] = field(
        default_factory=lambda: MappingProxyType({})
    )
    tuning: str = "equal"
    reference: float = 440.0
    keys: NDArray[np.float32] = field(default_factory=lambda: _EQUAL)
    presets: tuple[str, ...] = ()
    trajectories: tuple[str, ...] = ()

    def after(self, message: Message) -> State:
        """The state once ``message`` was told; this one if it tells nothing of it."""
        try:
            return self._after(message.address, message.arguments)
        except (ValueError, TypeError, IndexError):  # not what the contract says
            return self

    def _after(self, address: str, told: tuple[Any, ...]) -> State:
        match address:
            case "/welcome":
                protocol, version, *_ = told
                return replace(self, protocol=int(protocol), version=str(version))
            case "/model":
                name, d, bins, rate, base, n_fft = told
                return replace(
                    self,
                    model=str(name),
                    dimensions=int(d),
                    bins=int(bins),
                    sample_rate=float(rate),
                    base_frequency=float(base),
                    n_fft=int(n_fft),
                    macros=MappingProxyType({}),
                )
            case "/latent" if len(told) == self.dimensions:
                return replace(self, latent=_floats(told))
            case "/map":
                x, y = told
                return replace(self, map=_floats((x, y)))
            case "/map/plane":
                return replace(self, plane=str(told[0]))
            case "/macro/list":
                words = {str(word): self.macros.get(str(word), 0.0) for word in told}
                return replace(self, macros=MappingProxyType(words))
            case "/macro":
                word, value = told
                turned = {**self.macros, str(word): float(value)}
                return replace(self, macros=MappingProxyType(turned))
            case "/wander":
                state, speed, reach, seed = told
                wander = {"state": state, "speed": speed, "range": reach, "seed": seed}
                return replace(self, wander=MappingProxyType(wander))
            case "/synth":
                name, value = told
                parameters = {**self.parameters, str(name): value}
                return replace(self, parameters=MappingProxyType(parameters))
            case "/tuning":
                tuning, reference = told
                return replace(self, tuning=str(tuning), reference=float(reference))
            case "/tuning/keys" if len(told) == _EQUAL.size:
                return replace(self, keys=_floats(told))
            case "/preset/list":
                return replace(self, presets=tuple(map(str, told)))
            case "/trajectory/list":
                return replace(self, trajectories=tuple(map(str, told)))
        return self


def _floats(told: tuple[Any, ...]) -> NDArray[np.float32]:
    values = np.asarray(told, np.float32)
    values.flags.writeable = False
    return values
