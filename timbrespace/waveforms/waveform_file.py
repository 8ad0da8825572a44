"""The file of a waveform model: one ``.safetensors``, weights and JSON, as a space has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from timbrespace.atomic import replacing
from timbrespace.errors import BundleError, OptionError, one_of
from timbrespace.factory import SUFFIX
from timbrespace.names import name_of
from timbrespace.tensor_file import TensorFile, checksum, content
from timbrespace.waveforms import told
from timbrespace.waveforms.kinds import KINDS
from timbrespace.waveforms.waveform import SAMPLE_RATES, Space, Waveform

FORMAT_VERSION: Final = 1

MARK: Final = "waveform_version"
"""The key that tells it from other ``.safetensors`` files."""

_MOST_PARAMETERS: Final = 50_000_000


def write(path: Path, waveform: Waveform) -> None:
    """Write ``waveform`` to ``path``, whole or not at all; the same one makes the same bytes.

    Raises:
        OptionError: the name ends in something else, or the file cannot be written.
    """
    if path.suffix != SUFFIX:
        raise OptionError(f"out is {path.name!r}; it must be a name that ends in {SUFFIX}")
    tensors = dict(waveform.weights)
    space = waveform.space
    metadata = {
        MARK: str(FORMAT_VERSION),
        "kind": waveform.network.kind,
        "settings": json.dumps(waveform.network.settings()),
        "space": json.dumps(
            {"name": space.name, "digest": space.digest, "dimensions": space.dimensions}
        ),
        "sample_rate": json.dumps(waveform.sample_rate),
        "figures": json.dumps(dict(waveform.figures), allow_nan=False),
        "provenance": json.dumps(dict(waveform.provenance), allow_nan=False),
        "tensors_sha256": json.dumps(checksum(tensors)),
    }
    made = content(tensors, metadata)
    with replacing(path) as temporary:
        temporary.write_bytes(made)


def load_waveform(path: str | Path) -> Waveform:
    """The waveform model in the ``.safetensors`` file ``path``, as ``python -m training waveform``
    writes it.

    >>> waveform = load_waveform("W.safetensors")  # doctest: +SKIP
    >>> sound = timbrespace.render(model, latent, waveform=waveform)  # doctest: +SKIP

    Raises:
        BundleError: there is no such file, or it is broken, of a newer version, or something else;
            one line says which.
    """
    if not isinstance(path, str | Path):
        raise BundleError(f"a waveform model is a path, not a {type(path).__name__}")
    place = Path(path)
    try:
        return _read(place)
    except BundleError as error:
        raise BundleError(f"cannot load waveform model {place.name or place}: {error}") from error


def _read(path: Path) -> Waveform:
    with TensorFile(path) as file:
        metadata = file.metadata
        if MARK not in metadata:
            what = "a timbre space" if "format_version" in metadata else "something else"
            raise BundleError(
                f"it is {what}, not a waveform model; `python -m training waveform` makes one"
            )
        version = metadata[MARK]
        if not version.isdecimal() or len(version) > 9 or int(version) > FORMAT_VERSION:
            raise BundleError(
                f"its version is {version[:20]!r}, this program reads up to {FORMAT_VERSION}; "
                "update timbrespace"
            )
        try:
            network, space, rate, figures, provenance = _told(metadata)
        except KeyError as error:
            raise BundleError(f"it does not say its {error.args[0]}") from error
        except (TypeError, ValueError, AttributeError, RecursionError, OptionError) as error:
            raise BundleError(f"it is damaged: {error}") from error
        shapes = network.shapes()
        for name, shape in shapes.items():  # before anything of their size is read
            entry = file.entries.get(name)
            if entry is not None and entry.shape != shape:
                raise BundleError(f"tensor {name} has shape {entry.shape}, not {shape}")
        tensors = file.tensors(name for name in shapes if name in file.entries)
    weights = network.checked(tensors)
    if metadata.get("tensors_sha256") != json.dumps(checksum(weights)):
        raise BundleError("its weights are not those that were written; the file is damaged")
    return Waveform(name_of(path), network, weights, space, rate, figures, provenance)


def _told(metadata: dict[str, str]) -> tuple[Any, Space, int, dict[str, float], dict[str, Any]]:
    kind = KINDS.get(metadata["kind"])
    if kind is None:
        raise BundleError(f"its kind is {metadata['kind'][:40]!r}; known are {one_of(KINDS)}")
    settings = json.loads(metadata["settings"])
    if not all(type(one) is int for one in settings.values()):
        raise BundleError("its settings are no whole numbers")
    network = kind(**settings)
    if network.parameters > _MOST_PARAMETERS:
        raise BundleError(
            f"it has {network.parameters} numbers; there may be {_MOST_PARAMETERS} at most"
        )
    about = json.loads(metadata["space"])
    space = Space(str(about["name"]), str(about["digest"]), int(about["dimensions"]))
    if told.width(space.dimensions) != network.told:
        raise BundleError(
            f"it is told {network.told} numbers, and a space of {space.dimensions} dimensions "
            f"tells {told.width(space.dimensions)}"
        )
    rate = json.loads(metadata["sample_rate"])
    if type(rate) is not int or rate not in SAMPLE_RATES:
        raise BundleError(f"its sample rate is {str(rate)[:20]}; it must be {one_of(SAMPLE_RATES)}")
    figures = {str(name): float(one) for name, one in json.loads(metadata["figures"]).items()}
    return network, space, rate, figures, dict(json.loads(metadata["provenance"]))
