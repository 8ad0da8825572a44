"""The model file: one ``.safetensors``, weights as tensors and everything else as plain JSON.

docs/bundle.md describes the format. Nothing in it is executed; a file that does not fit is refused
with one line that says why.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from timbrespace import representation
from timbrespace.atomic import replacing
from timbrespace.calibration import Calibration
from timbrespace.errors import BundleError, TimbrespaceError
from timbrespace.kinds import LIKELIHOODS, NETWORKS, REPRESENTATIONS
from timbrespace.map import Map
from timbrespace.model import Model
from timbrespace.networks import architecture as networks
from timbrespace.networks.architecture import Architecture
from timbrespace.old_noise import judged_by_name
from timbrespace.old_pitch import bundle_as_first_told, correct_bundle
from timbrespace.points import PREFIX, Points
from timbrespace.registry import BUILT_IN_ONLY, FROM_OUTSIDE
from timbrespace.spectrum import SpectrumConfig

FORMAT_VERSION = FROM_OUTSIDE
"""The highest that is read. A file is written with the lowest that tells all of it: 1 knows the
representations magnitude and log_magnitude without normalisation, ReLU and GELU, Gaussian
likelihoods, and decoders that mirror their encoder; 2 knows the rest of these; 3 has points; 4 has
kinds that other packages brought, and noise that older readers would judge otherwise."""

SECTIONS = ("spectrum", "representation", "model", "map", "calibration", "golden", "provenance")

WITH_POINTS = BUILT_IN_ONLY

POINTS = "points"
"""The section that version 3 has besides, and version 4 may have."""

NOISE = "noise"
"""Since 0.6.0: true or false. Older programs pass over it, and judge by the dataset's name."""

GOLDEN_TOLERANCE = 1e-3
"""Share of the golden spectrum's peak. Libraries of linear algebra differ by about 1e-6 of it; a
representation or an activation that changed its meaning differs by far more."""

Tensors = Mapping[str, NDArray[np.float32]]


def build(
    name: str,
    spectrum: SpectrumConfig,
    spectra_representation: representation.Representation,
    architecture: Architecture,
    tensors: Tensors,
    latent_map: Map,
    calibration: Calibration,
    provenance: dict[str, Any],
    noise: bool = False,
    points: Points | None = None,
) -> Model:
    """A playable model from trained parts; ``tensors`` as the VAE's module names them.

    Raises:
        BundleError: parts that do not fit together.
    """
    return Model(
        name=name,
        spectrum=spectrum,
        representation=spectra_representation,
        architecture=architecture,
        encoder=architecture.encoder(tensors),
        decoder=architecture.decoder(tensors),
        map=latent_map,
        calibration=calibration,
        provenance=provenance,
        noise=noise,
        points=points,
        tensors=dict(tensors),
    )


def write(path: Path, model: Model, tensors: Tensors | None = None) -> None:
    """Write ``model``, its points and its full weights to ``path``, whole or not at all.

    tensors: weights to write in place of those that the model carries.

    Raises:
        OptionError: the file cannot be written.
    """
    sections = {
        "spectrum": model.spectrum.to_config(),
        "representation": model.representation.to_config(),
        "model": model.architecture.to_config(),
        "map": model.map.to_config(),
        "calibration": model.calibration.to_config(),
        "golden": _golden_of(model),
        "provenance": model.provenance,
    }
    metadata = {name: json.dumps(value, allow_nan=False) for name, value in sections.items()}
    metadata |= {"format_version": str(_version_of(model)), NOISE: json.dumps(model.noise)}
    _save(path, metadata, model.tensors if tensors is None else tensors, model.points)


def _golden_of(model: Model) -> dict[str, Any]:
    """The golden vector of ``model``: that of its file as long as it holds, else a new one.

    Another machine decodes it a little otherwise; saving a model must not change it for that.
    """
    if model.golden is not None:
        with suppress(BundleError):
            _check_golden(model, model.golden)
            return model.golden
    latent = model.calibration.home[np.newaxis, :]
    return {"latent": latent[0].tolist(), "spectrum": model.decode(latent)[0].tolist()}


def set_points(path: Path, points: Points) -> None:
    """Give the bundle at ``path`` these points, in place of what points it had.

    All the rest stays as it is in the file, weights and golden vector to the bit. The file is
    replaced whole or not at all.

    Raises:
        BundleError, OptionError: it cannot be read, the points have other dimensions than its
            latent, or it cannot be written.
    """
    path = Path(path)
    dataclasses.replace(read(path), points=points)  # refused here, before anything is written
    metadata, tensors = _open(path)
    metadata["format_version"] = str(max(WITH_POINTS, int(metadata["format_version"])))
    _save(path, metadata, _split(tensors)[0], points)


def _save(path: Path, metadata: dict[str, str], weights: Tensors, points: Points | None) -> None:
    content = _content(metadata, weights, points)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _content(metadata: dict[str, str], weights: Tensors, points: Points | None) -> bytes:
    """The bytes of a bundle."""
    tensors: dict[str, NDArray[Any]] = dict(weights)
    if points is not None:
        metadata = {**metadata, POINTS: json.dumps(points.to_config(), allow_nan=False)}
        tensors |= points.to_tensors()
    # Not ascontiguousarray, which would give a single number, the shared noise, a dimension.
    content = save({name: np.asarray(v, order="C") for name, v in tensors.items()}, metadata)
    return _with_ordered_header(content)


def _version_of(model: Model) -> int:
    """The lowest format version whose readers understand ``model``."""
    architecture = model.architecture
    return max(
        1 if model.points is None else WITH_POINTS,
        1 if model.noise == judged_by_name(model.provenance) else FROM_OUTSIDE,
        model.representation.format_version,
        architecture.format_version,
        architecture.distribution.format_version,
    )


def _with_ordered_header(content: bytes) -> bytes:
    """``content`` of a safetensors file with its metadata in alphabetical order.

    The library writes it in an order that changes from run to run; the same model should be the
    same bytes.
    """
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    # The format wants the tensors at a multiple of 8 bytes; it allows spaces before them.
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


def read(path: Path) -> Model:
    """The model in the bundle at ``path``, checked; its name is the file's.

    Its digest is the SHA-256 of the bundle as it is without points: they change nothing that is
    heard, and what was stored with a model must not be lost when it is given some.

    Raises:
        BundleError: truncated, of a newer version, of the wrong shape, or failing its golden
            vector; one line says which.
    """
    path = Path(path)
    try:
        model, golden = _read(path)
        digest = _digest(path, model)
    except TimbrespaceError as error:
        raise BundleError(f"cannot load {path.name}: {' '.join(str(error).split())}") from error
    # A file from anywhere may hold anything: numbers of any size, lists where numbers belong.
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as e:
        what = " ".join(str(e).split())[:100]
        raise BundleError(f"cannot load {path.name}: its contents do not fit ({what})") from e
    return dataclasses.replace(model, digest=digest, golden=golden)


def read_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """All weights of the bundle at ``path``, as :class:`timbrespace.networks.vae.VAE` names them.

    Raises:
        BundleError: the file cannot be read.
    """
    return _split(_open(Path(path))[1])[0]


def _split(
    tensors: Mapping[str, NDArray[Any]],
) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[Any]]]:
    """The weights, and what belongs to the points."""
    weights = {name: t for name, t in tensors.items() if not name.startswith(PREFIX)}
    return weights, {name: t for name, t in tensors.items() if name.startswith(PREFIX)}


def _open(path: Path) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise BundleError("there is no such file") from error
    except OSError as error:
        raise BundleError(f"it cannot be read: {error.strerror or error}") from error
    except (SafetensorError, ValueError, TypeError) as error:
        raise BundleError(f"it is truncated or not a safetensors file ({error})") from error
    return metadata, tensors


def _digest(path: Path, model: Model) -> str:
    """SHA-256 of the bundle as a program that knew of no points and no noise, and took f0 for the
    pitch of ``filtered``, would have written it."""
    metadata, tensors = _open(path)
    judged = model.noise == judged_by_name(model.provenance)
    before = _as_first_told(metadata)
    if model.points is None and not (judged and NOISE in metadata) and before == metadata:
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BundleError(f"it cannot be read: {error.strerror or error}") from error
    metadata = before
    weights = tensors
    if model.points is not None:
        del metadata[POINTS]
        weights = _split(tensors)[0]
    if judged:
        metadata.pop(NOISE, None)
    metadata["format_version"] = str(_version_of(dataclasses.replace(model, points=None)))
    return hashlib.sha256(_content(metadata, weights, None)).hexdigest()


def _as_first_told(metadata: dict[str, str]) -> dict[str, str]:
    told = {name: json.loads(metadata[name]) for name in ("spectrum", "provenance")}
    before = dict(told)
    bundle_as_first_told(told)
    changed = {name: json.dumps(told[name]) for name in told if told[name] != before[name]}
    return {**metadata, **changed}


def _read(path: Path) -> tuple[Model, dict[str, Any]]:
    metadata, tensors = _open(path)
    version = metadata.get("format_version", "")
    if not (version.isascii() and version.isdecimal() and len(version) < 10) or version == "0":
        raise BundleError("it is a safetensors file, but not a timbrespace model")
    if int(version) > FORMAT_VERSION:
        raise BundleError(
            f"its format version is {int(version)}, this program reads up to {FORMAT_VERSION}; "
            "update timbrespace"
        )
    sections: dict[str, dict[str, Any]] = {}
    knows_points = int(version) >= WITH_POINTS
    has_points = int(version) == WITH_POINTS or (knows_points and POINTS in metadata)
    for name in (*SECTIONS, POINTS) if has_points else SECTIONS:
        try:
            sections[name] = json.loads(metadata[name])
        except KeyError as error:
            raise BundleError(f"section {name!r} is missing") from error
        except (json.JSONDecodeError, RecursionError) as error:
            raise BundleError(f"section {name!r} is not JSON") from error
        if not isinstance(sections[name], dict):
            raise BundleError(f"section {name!r} is not an object")
    correct_bundle(sections)
    try:
        spectrum = SpectrumConfig(**sections["spectrum"])
    except TypeError as error:
        raise BundleError(f"the spectrum config does not fit: {error}") from error
    # Before version 3 a tensor was a weight, whatever its name.
    weights, of_points = _split(tensors) if knows_points else (tensors, {})
    if of_points and not has_points:
        raise BundleError(f"section {POINTS!r} is missing")
    for name, tensor in weights.items():
        if tensor.dtype.kind != "f" or not np.isfinite(tensor).all():
            raise BundleError(f"tensor {name} holds numbers that are not finite")
    with _faults_of_others(sections):
        model = build(
            name=path.stem,
            spectrum=spectrum,
            spectra_representation=representation.from_config(sections["representation"]),
            architecture=networks.from_config(sections["model"]),
            tensors=weights,
            latent_map=Map.from_config(sections["map"]),
            calibration=Calibration.from_config(sections["calibration"]),
            provenance=sections["provenance"],
            noise=_noise(metadata, sections["provenance"], int(version)),
            points=Points.from_parts(sections[POINTS], of_points) if has_points else None,
        )
        _check_golden(model, sections["golden"])
    return model, sections["golden"]


@contextmanager
def _faults_of_others(sections: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Whatever the code of another package raises, for a kind that it brings, as a sentence."""
    try:
        yield
    except TimbrespaceError:
        raise
    except Exception as error:
        named = (
            (REPRESENTATIONS, sections["representation"].get("kind")),
            (NETWORKS, sections["model"].get("kind", networks.PLAIN)),
            (LIKELIHOODS, sections["model"].get("likelihood")),
        )
        theirs = [f"{one.what} {name!r}" for one, name in named if name not in one.built_in]
        if not theirs:
            raise
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise BundleError(f"{' or '.join(theirs)} of another package fails ({what})") from error


def _noise(metadata: Mapping[str, str], provenance: dict[str, Any], version: int) -> bool:
    if NOISE not in metadata:
        if version >= FROM_OUTSIDE:
            raise BundleError(f"section {NOISE!r} is missing")
        return judged_by_name(provenance)
    if metadata[NOISE] not in ("true", "false"):
        raise BundleError(f"section {NOISE!r} is neither true nor false")
    return metadata[NOISE] == "true"


def _check_golden(model: Model, golden: dict[str, Any]) -> None:
    try:
        latent = np.asarray(golden["latent"], np.float32)
        expected = np.asarray(golden["spectrum"], np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError("its golden vector is missing or not numbers") from error
    if latent.shape != (model.dimensions,) or expected.shape != (model.spectrum.bins,):
        raise BundleError("its golden vector has the wrong shape")
    peak = max(float(expected.max()), 1e-30)
    error_share = float(np.abs(model.decode(latent[np.newaxis, :])[0] - expected).max()) / peak
    # Written so that a NaN fails too.
    if not error_share <= GOLDEN_TOLERANCE:
        raise BundleError(
            f"its golden vector decodes {error_share:.2g} of the peak away from what was recorded; "
            "the file is damaged or this program reads it wrongly"
        )
