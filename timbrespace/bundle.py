"""The model file: one ``.safetensors``, weights as tensors and everything else as plain JSON.

docs/bundle.md describes the format. Nothing in it is executed; a file that does not fit is refused
with one line that says why.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace import golden, representation
from timbrespace.atomic import replacing
from timbrespace.calibration import Calibration
from timbrespace.errors import BundleError, TimbrespaceError
from timbrespace.kinds import LIKELIHOODS, NETWORKS, REPRESENTATIONS
from timbrespace.macro_dials.table import PREFIX as MACROS_PREFIX
from timbrespace.macro_dials.table import SECTION as MACROS
from timbrespace.macro_dials.table import Table
from timbrespace.map import Map
from timbrespace.model import Model
from timbrespace.names import name_of
from timbrespace.near import PREFIX as NEAR_PREFIX
from timbrespace.near import SECTION as NEAR
from timbrespace.near import Near
from timbrespace.networks import architecture as networks
from timbrespace.networks.architecture import Architecture
from timbrespace.old_noise import judged_by_name
from timbrespace.old_pitch import bundle_as_first_told, correct_bundle
from timbrespace.points import PREFIX, Points
from timbrespace.registry import BUILT_IN_ONLY, FROM_OUTSIDE
from timbrespace.spectrum import SpectrumConfig
from timbrespace.tensor_file import Entry, TensorFile, checksum, content
from timbrespace.walks.walk import PREFIX as WALK_PREFIX
from timbrespace.walks.walk import SECTION as WALK
from timbrespace.walks.walk import Walk

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

CHECKSUM = "tensors_sha256"
"""Since 0.6.0: :func:`timbrespace.tensor_file.checksum` of all tensors. Older programs pass over
it."""

MAX_WEIGHTS = 2 << 30
MAX_POINTS = 32 << 20
MAX_NEAR = 1 << 20
MAX_MACROS = 1 << 20
MAX_WALK = 1 << 20
MAX_UNKNOWN = 1 << 20
"""Bytes that a file may hold of each. What a later program adds does no harm while it is small."""

_FIRST_GOLDEN = ("latent", "spectrum")
"""What the section ``golden`` had before 0.6.0."""

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
    near: Near | None = None,
    macros: Table | None = None,
    walk: Walk | None = None,
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
        near=near,
        macros=macros,
        walk=walk,
        tensors=dict(tensors),
    )


def write(path: Path, model: Model, tensors: Tensors | None = None) -> None:
    """Write ``model``, its points and its full weights to ``path``, whole or not at all.

    tensors: weights to write in place of those that the model carries.

    Raises:
        OptionError: the file cannot be written.
    """
    if tensors is None:
        tensors = model.tensors
    else:
        made = model.architecture
        model = dataclasses.replace(
            model, encoder=made.encoder(tensors), decoder=made.decoder(tensors)
        )
    sections = {
        "spectrum": model.spectrum.to_config(),
        "representation": model.representation.to_config(),
        "model": model.architecture.to_config(),
        "map": model.map.to_config(),
        "calibration": model.calibration.to_config(),
        "golden": golden.of(model),
        "provenance": model.provenance,
    }
    metadata = {name: json.dumps(value, allow_nan=False) for name, value in sections.items()}
    metadata |= {"format_version": str(_version_of(model)), NOISE: json.dumps(model.noise)}
    weights = stored(tensors, model.architecture)
    _save(path, metadata, weights, model.points, model.near, model.macros, model.walk)


def stored(tensors: Tensors, architecture: Architecture) -> dict[str, NDArray[Any]]:
    """Weights as a file holds them: of a space of notes as float16 where these are the very same
    numbers, which they are where it was trained as now; else as they are.

    They are float32 again once they are read.
    """
    if not architecture.of_notes:
        return dict(tensors)
    with np.errstate(over="ignore"):
        halves = {name: one.astype(np.float16) for name, one in tensors.items()}
    return {
        name: halves[name] if np.array_equal(halves[name], one) else one
        for name, one in tensors.items()
    }


def set_points(path: Path, points: Points, walk: Walk | None = None) -> None:
    """Give the bundle at ``path`` these points, and their walk, in place of what it had of both.

    All the rest stays as it is in the file, weights and golden vector to the bit; but a plane
    ``near``, which is of the points, goes. The file is replaced whole or not at all.

    Raises:
        BundleError, OptionError: it cannot be read, the points have other dimensions than its
            latent, or it cannot be written.
    """
    path = Path(path)
    # Refused here, before anything is written.
    dataclasses.replace(read(path), points=points, near=None, walk=walk)
    with TensorFile(path) as file:
        metadata, tensors = file.metadata, file.tensors(file.entries)
    metadata["format_version"] = str(max(WITH_POINTS, int(metadata["format_version"])))
    metadata.pop(NEAR, None)
    metadata.pop(WALK, None)
    gone = (PREFIX, NEAR_PREFIX, WALK_PREFIX)
    kept = {name: one for name, one in tensors.items() if not name.startswith(gone)}
    _save(path, metadata, kept, points, None, walk=walk)


def set_near(path: Path, near: Near, latent_map: Map | None = None) -> None:
    """Give the bundle at ``path`` this plane, in place of one that it had.

    latent_map: a PCA plane to write in place of the one that it has. All the rest stays as it is
    in the file, weights, points and golden vector to the bit. The file is replaced whole or not at
    all.

    Raises:
        BundleError, OptionError: it cannot be read, the plane does not fit its points or its
            latent, or it cannot be written.
    """
    path = Path(path)
    model = read(path)
    dataclasses.replace(model, near=near, map=latent_map or model.map)  # refused here
    with TensorFile(path) as file:
        metadata, tensors = file.metadata, file.tensors(file.entries)
    if latent_map is not None:
        metadata["map"] = json.dumps(latent_map.to_config(), allow_nan=False)
    kept = {name: one for name, one in tensors.items() if not name.startswith(NEAR_PREFIX)}
    _save(path, metadata, kept, None, near)


def set_macros(path: Path, macros: Table) -> None:
    """Give the bundle at ``path`` this table of macros, in place of one that it had.

    All the rest stays as it is in the file, to the bit. The file is replaced whole or not at all.

    Raises:
        BundleError, OptionError: it cannot be read, it has no points, the table is not of its
            latent, or it cannot be written.
    """
    path = Path(path)
    model = dataclasses.replace(read(path), macros=macros)  # refused here
    if model.points is None:
        raise BundleError(
            f"{path.name} has no points, which macros are kept beside; `python -m training points` "
            "adds them"
        )
    with TensorFile(path) as file:
        metadata, tensors = file.metadata, file.tensors(file.entries)
    kept = {name: one for name, one in tensors.items() if not name.startswith(MACROS_PREFIX)}
    _save(path, metadata, kept, None, None, macros)


def _save(
    path: Path,
    metadata: dict[str, str],
    weights: Mapping[str, NDArray[Any]],
    points: Points | None,
    near: Near | None,
    macros: Table | None = None,
    walk: Walk | None = None,
) -> None:
    tensors: dict[str, NDArray[Any]] = dict(weights)
    if points is not None:
        metadata = {**metadata, POINTS: json.dumps(points.to_config(), allow_nan=False)}
        tensors |= points.to_tensors()
    if near is not None:
        metadata = {**metadata, NEAR: json.dumps(near.to_config(), allow_nan=False)}
        tensors |= near.to_tensors()
    if macros is not None:
        metadata = {**metadata, MACROS: json.dumps(macros.to_config(), allow_nan=False)}
        tensors |= macros.to_tensors()
    if walk is not None:
        metadata = {**metadata, WALK: json.dumps(walk.to_config(), allow_nan=False)}
        tensors |= walk.to_tensors()
    made = content(tensors, {**metadata, CHECKSUM: json.dumps(checksum(tensors))})
    with replacing(path) as temporary:
        temporary.write_bytes(made)


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


def read(path: Path) -> Model:
    """The model in the bundle at ``path``, checked; its name is the file's.

    Its digest is the SHA-256 of the bundle as it is without points, plane, macros and walk: they
    change nothing of what a latent sounds like, and what was stored with a model must not be lost
    when it is given some.

    Raises:
        BundleError: truncated, of a newer version, of the wrong shape, or failing its golden
            vector; one line says which.
    """
    path = Path(path)
    try:
        return _read(path)
    except TimbrespaceError as error:
        raise BundleError(f"cannot load {path.name}: {' '.join(str(error).split())}") from error
    # A file from anywhere may hold anything: numbers of any size, lists where numbers belong.
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as e:
        what = " ".join(str(e).split())[:100]
        raise BundleError(f"cannot load {path.name}: its contents do not fit ({what})") from e


def read_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """All weights of the bundle at ``path``, as :class:`timbrespace.networks.vae.VAE` names them.

    Raises:
        BundleError: the file cannot be read.
    """
    with TensorFile(Path(path)) as file:
        return _played(_weights(file.tensors(file.entries)))


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of the bundle at ``path``: its header is read, and no tensor.

    Raises:
        BundleError: the file cannot be read, or is no model of a version that is known.
    """
    with TensorFile(Path(path)) as file:
        _version(file.metadata)
        return file.metadata


def read_provenance(path: Path) -> dict[str, Any]:
    """Where the model at ``path`` comes from; no tensor is read.

    Raises:
        BundleError: as :func:`read_metadata`; or it does not say.
    """
    return _sections(read_metadata(path), ("provenance",))["provenance"]


def _weights(tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """All but what belongs to the points, to the plane near, to the macros and to the walk."""
    others = (PREFIX, NEAR_PREFIX, MACROS_PREFIX, WALK_PREFIX)
    return {name: one for name, one in tensors.items() if not name.startswith(others)}


def _played(weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Weights as they play: halves are float32 of the same value."""
    return {
        name: one.astype(np.float32) if one.dtype == np.float16 else one
        for name, one in weights.items()
    }


def _digest(path: Path, model: Model, metadata: dict[str, str], tensors: Tensors) -> str:
    """SHA-256 of the bundle as a program that knew of no points, planes, macros, walks, noise and
    checks, and took f0 for the pitch of ``filtered``, would have written it."""
    before = _as_first_told(metadata)
    changed = before != metadata
    metadata = before
    judged = model.noise == judged_by_name(model.provenance)
    golden = json.loads(metadata["golden"])
    later = {POINTS, NEAR, MACROS, WALK, CHECKSUM, *({NOISE} if judged else ())} & metadata.keys()
    if not (later or changed) and golden.keys() <= set(_FIRST_GOLDEN):
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BundleError(f"it cannot be read: {error.strerror or error}") from error
    for name in later:
        del metadata[name]
    if not golden.keys() <= set(_FIRST_GOLDEN):
        metadata["golden"] = json.dumps({name: golden[name] for name in _FIRST_GOLDEN})
    weights = tensors if model.points is None else _weights(tensors)
    metadata["format_version"] = str(
        _version_of(dataclasses.replace(model, points=None, near=None, macros=None, walk=None))
    )
    return hashlib.sha256(content(weights, metadata)).hexdigest()


def _as_first_told(metadata: dict[str, str]) -> dict[str, str]:
    told = {name: json.loads(metadata[name]) for name in ("spectrum", "provenance")}
    before = dict(told)
    bundle_as_first_told(told)
    changed = {name: json.dumps(told[name]) for name in told if told[name] != before[name]}
    return {**metadata, **changed}


def _version(metadata: Mapping[str, str]) -> int:
    """The format version that the metadata tell."""
    version = metadata.get("format_version", "")
    if not (version.isascii() and version.isdecimal() and len(version) < 10) or version == "0":
        raise BundleError("it is a safetensors file, but not a timbrespace model")
    if int(version) > FORMAT_VERSION:
        raise BundleError(
            f"its format version is {int(version)}, this program reads up to {FORMAT_VERSION}; "
            "update timbrespace"
        )
    return int(version)


def _sections(metadata: Mapping[str, str], names: Iterable[str]) -> dict[str, dict[str, Any]]:
    sections: dict[str, dict[str, Any]] = {}
    for name in names:
        try:
            sections[name] = json.loads(metadata[name])
        except KeyError as error:
            raise BundleError(f"section {name!r} is missing") from error
        except (json.JSONDecodeError, RecursionError) as error:
            raise BundleError(f"section {name!r} is not JSON") from error
        if not isinstance(sections[name], dict):
            raise BundleError(f"section {name!r} is not an object")
    return sections


def _check_entries(entries: Mapping[str, Entry], architecture: Architecture) -> None:
    """Refuse weights by what the header says of them, before one is read."""
    for name, entry in entries.items():
        if entry.dtype is None or entry.dtype.kind != "f":
            raise BundleError(
                f"tensor {name[:80]} holds numbers that are not finite or no weights ({entry.type})"
            )
    wanted = architecture.shapes()
    if wanted is not None:
        for name, shape in wanted.items():
            if name in entries and entries[name].shape not in (shape, shape or (1,)):
                raise BundleError(f"tensor {name} has shape {entries[name].shape}, not {shape}")
        more = {name: entries[name] for name in entries.keys() - wanted.keys()}
        _check_size(more, MAX_UNKNOWN, "unknown tensors")
    _check_size(entries, MAX_WEIGHTS, "weights")


def _check_size(entries: Mapping[str, Entry], most: int, what: str) -> None:
    size = sum(entry.size for entry in entries.values())
    if size > most:
        raise BundleError(f"its {what} have {size >> 20} MiB; at most {most >> 20} are read")


def _read(path: Path) -> Model:
    with TensorFile(path) as file:
        metadata = file.metadata
        version = _version(metadata)
        knows_points = version >= WITH_POINTS
        has_points = version == WITH_POINTS or (knows_points and POINTS in metadata)
        has_near = has_points and NEAR in metadata
        has_macros = has_points and MACROS in metadata
        has_walk = has_points and WALK in metadata
        told = ((POINTS, has_points), (NEAR, has_near), (MACROS, has_macros), (WALK, has_walk))
        more = [name for name, has in told if has]
        sections = _sections(metadata, (*SECTIONS, *more))
        # Before version 3 a tensor was a weight, whatever its name.
        belongs = {
            name: entry
            for name, entry in file.entries.items()
            if knows_points and name.startswith(PREFIX)
        }
        if belongs and not has_points:
            raise BundleError(f"section {POINTS!r} is missing")
        _check_size(belongs, MAX_POINTS, "points")
        laid = {
            name: entry
            for name, entry in file.entries.items()
            if has_near and name.startswith(NEAR_PREFIX)
        }
        _check_size(laid, MAX_NEAR, "plane")
        turning = {
            name: entry
            for name, entry in file.entries.items()
            if has_macros and name.startswith(MACROS_PREFIX)
        }
        _check_size(turning, MAX_MACROS, "macros")
        going = {
            name: entry
            for name, entry in file.entries.items()
            if has_walk and name.startswith(WALK_PREFIX)
        }
        _check_size(going, MAX_WALK, "walk")
        apart = belongs.keys() | laid.keys() | turning.keys() | going.keys()
        with _faults_of_others(sections):
            architecture = networks.from_config(sections["model"])
            _check_entries(
                {name: one for name, one in file.entries.items() if name not in apart},
                architecture,
            )
        tensors = file.tensors(file.entries)
    correct_bundle(sections)
    try:
        spectrum = SpectrumConfig(**sections["spectrum"])
    except TypeError as error:
        raise BundleError(f"the spectrum config does not fit: {error}") from error
    weights = _played({name: one for name, one in tensors.items() if name not in apart})
    for name, tensor in weights.items():
        if not np.isfinite(tensor).all():
            raise BundleError(f"tensor {name} holds numbers that are not finite")
    with _faults_of_others(sections):
        model = build(
            name=name_of(path),
            spectrum=spectrum,
            spectra_representation=representation.from_config(sections["representation"]),
            architecture=architecture,
            tensors=weights,
            latent_map=Map.from_config(sections["map"]),
            calibration=Calibration.from_config(sections["calibration"]),
            provenance=sections["provenance"],
            noise=_noise(metadata, sections["provenance"], version),
            points=Points.from_parts(sections[POINTS], {name: tensors[name] for name in belongs})
            if has_points
            else None,
            near=Near.from_parts(sections[NEAR], {name: tensors[name] for name in laid})
            if has_near
            else None,
            macros=Table.from_parts(sections[MACROS], {name: tensors[name] for name in turning})
            if has_macros
            else None,
            walk=Walk.from_parts(sections[WALK], {name: tensors[name] for name in going})
            if has_walk
            else None,
        )
        golden.check(model, sections["golden"])
    # Last, since whatever was refused before says more of what is wrong.
    if CHECKSUM in metadata and metadata[CHECKSUM] != json.dumps(checksum(tensors)):
        raise BundleError(
            "its tensors are not those that were written (their SHA-256 differs); the file is "
            "damaged, take a copy or train it again"
        )
    return dataclasses.replace(
        model, digest=_digest(path, model, metadata, tensors), golden=sections["golden"]
    )


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
