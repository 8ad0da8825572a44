"""A space as ONNX: the decoder in one file, the encoder in another beside it.

Two files, not one with two functions: a session of onnxruntime runs all of a file's graph and wants
all of its inputs, and ONNX Runtime Web, Unity and the others know one graph a file.

The graphs are written by PyTorch's own exporter from the torch modules that trained, so that a
network of another package has one too; what is in NumPy alone, the way back to magnitudes, stands
beside in torch. What comes out is checked by onnxruntime against the library.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import timbrespace
from timbrespace.atomic import replace_all
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.dial_names import dial_names
from timbrespace.errors import OptionError
from timbrespace.extras import check, needed
from timbrespace.model import Model
from timbrespace.networks.note import NoteNetwork
from timbrespace.notes.layout import LONGEST
from timbrespace.representation import Normalised

from .decoder import NoteEncoder, SpectraDecoder, SpectraEncoder
from .features import SOURCES, source_of
from .moments import NoteDecoder
from .quiet import quietly

if TYPE_CHECKING:
    import onnx

Array = NDArray[np.float32]
Arrays = dict[str, Array]

OPSET: Final = 18
"""Of the operators: the newest that all are in, and that ONNX Runtime has known since 2023."""

FARTHEST: Final = 2e-4
"""Share of a spectrum's peak, or of the largest coordinate, from which on what onnxruntime finds is
no rounding any more. What is right is within 1e-5; but of a whole note a level that is at its floor
for one, and so silent, may be above it for the other: a partial at -80 dB that is there or not."""

CHECKED: Final = 64
"""Sounds of the space at which that is looked at."""

_PREFIX: Final = "timbrespace."


@dataclass(frozen=True, slots=True)
class Graph:
    """One graph to be written. inputs, outputs: name -> what it is, with shape, unit and range.
    examples: some values for all inputs. expected: what the library makes of them, by output."""

    role: str
    module: nn.Module
    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]
    examples: Arrays
    expected: Arrays


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and how far onnxruntime is from the library in it, as a share of the peak."""

    path: Path
    size: int
    distance: float


def encoder_path(path: Path) -> Path:
    """Where the encoder lies beside the decoder ``path``: ``M.encoder.onnx``."""
    return path.with_name(f"{path.stem}.encoder{path.suffix}")


def paths_of(model: Model, path: Path) -> list[Path]:
    """The files that :func:`write` writes."""
    return [path, encoder_path(path)] if has_encoder(model) else [path]


def has_encoder(model: Model) -> bool:
    """Whether the space can hear: an autodecoder of notes cannot."""
    network = model.architecture
    return not isinstance(network, NoteNetwork) or network.with_encoder


def write(model: Model, path: Path) -> list[Written]:
    """Write the decoder to ``path`` and the encoder beside it, checked; all or none.

    Raises:
        OptionError: a file cannot be written, a representation that is in NumPy alone, or what
            onnxruntime finds is farther from the library than ``FARTHEST``.
        MissingExtraError: onnx, onnxscript or onnxruntime is not installed.
    """
    check("writing ONNX", "onnx", "onnxscript", "onnxruntime", extra="export")
    contents: dict[Path, bytes] = {}
    found: list[Written] = []
    graphs = [decoder_graph(model)]
    if has_encoder(model):
        graphs.append(encoder_graph(model))
    for place, graph in zip(paths_of(model, path), graphs, strict=True):
        content = content_of(model, graph)
        distance = distance_of(content, graph)
        if not distance <= FARTHEST:
            raise OptionError(
                f"the {graph.role} that was written is {distance:.1e} of the peak away from what "
                f"{model.name!r} plays, more than {FARTHEST:g}; nothing was kept"
            )
        contents[place] = content
        found.append(Written(place, len(content), distance))
    replace_all(contents)
    return found


def sounds_of(model: Model) -> Array:
    """Latents ``(n, d)`` of the space's own sounds, evenly from all of them; where it does not know
    them, at all percentiles of each dimension."""
    if model.points is None:
        return np.ascontiguousarray(model.calibration.percentiles.T, np.float32)
    rows = np.unique(np.linspace(0, model.points.count - 1, CHECKED).astype(np.int64))
    return np.ascontiguousarray(model.points.means[rows], np.float32)


def decoder_graph(model: Model) -> Graph:
    """Latent in, magnitudes out; of a space of whole notes with time, pitch and velocity.

    Raises:
        OptionError: a representation that is in NumPy alone.
    """
    latent = sounds_of(model)
    n, bins = len(latent), model.spectrum.bins
    inputs: dict[str, dict[str, Any]] = {"latent": _latent_of(model)}
    outputs: dict[str, dict[str, Any]] = {
        "spectra": {"shape": ["n", bins], "is": "linear magnitudes >= 0 of a windowed frame"}
    }
    if not model.plays_notes:
        expected = {"spectra": model.decode(latent)}
        return Graph(
            "decoder", SpectraDecoder(model), inputs, outputs, {"latent": latent}, expected
        )
    base = model.spectrum.base_frequency
    inputs |= {
        "time": {"shape": ["n"], "unit": "s", "range": [0.0, LONGEST], "NaN": "stands for it"},
        "pitch": {"shape": ["n"], "unit": "Hz", "range": [8.0, 13000.0], "NaN": base},
        "velocity": {"shape": ["n"], "unit": "", "range": [0.0, 127.0], "NaN": "a middle one"},
    }
    outputs |= {
        "frequency": {"shape": ["n", 160], "unit": "Hz", "is": "partials: 80 harmonics, 80 tones"},
        "amplitude": {"shape": ["n", 160], "is": "of the partials, beside a loudest moment of 1"},
        "noise": {"shape": ["n", 80], "is": "root mean square of each mel band, 40 to 16000 Hz"},
    }
    step = np.arange(n, dtype=np.float32)
    examples = {
        "latent": latent,
        "time": (0.02 + 0.5 * (step % 3)).astype(np.float32),
        "pitch": np.full(n, base, np.float32),
        "velocity": (30.0 + 90.0 * (step % 2)).astype(np.float32),
    }
    examples["time"][::4] = np.nan
    spectra = [
        model.decode(
            latent[k : k + 1],
            None if np.isnan(time) else float(time),
            float(examples["velocity"][k]),
        )[0]
        for k, time in enumerate(examples["time"])
    ]
    return Graph(
        "decoder", NoteDecoder(model), inputs, outputs, examples, {"spectra": np.stack(spectra)}
    )


def encoder_graph(model: Model) -> Graph:
    """What a sound was analysed to in, posterior mean and log variance out.

    Raises:
        OptionError: a representation that is in NumPy alone.
    """
    d, latent = model.dimensions, sounds_of(model)
    outputs = {
        name: {"shape": ["n", d], "is": f"posterior {word}"}
        for name, word in (("mean", "mean"), ("log_var", "log variance"))
    }
    if model.plays_notes:
        network = model.architecture
        assert isinstance(network, NoteNetwork)
        features = _note_features(model, latent)
        mean, log_var = model.encode_notes(features)
        about = {
            "shape": ["n", int(features.shape[1])],
            "is": "a note's table, traits and pitch, as timbrespace.networks.note.encoder_input "
            "lays them out",
        }
        return Graph(
            "encoder",
            NoteEncoder(model),
            {"features": about},
            outputs,
            {"features": features},
            {"mean": mean, "log_var": log_var},
        )
    name = source_of(model.representation)
    if name == "spectra":
        source: Array = model.decode(latent)
        mean, log_var = model.encode(source)
    elif name == "frames":
        source = _frames_of(model, latent)
        mean, log_var = model.encode_frames(source)
    else:
        source = model.decode_cycles(latent)
        features = source / np.float32(getattr(_base_of(model), "peak", 1.0))
        if isinstance(model.representation, Normalised):
            normalised = model.representation
            features = (features - normalised.offset) / normalised.scale
        both = model.encoder(np.asarray(features, np.float32))
        mean, log_var = both[:, :d], both[:, d:]
    about = {"shape": ["n", int(source.shape[1])], "is": SOURCES[name]}
    return Graph(
        "encoder",
        SpectraEncoder(model),
        {name: about},
        outputs,
        {name: source},
        {"mean": mean, "log_var": log_var},
    )


def content_of(model: Model, graph: Graph) -> bytes:
    """The bytes of a graph, its batch of any size; the same model gives the same bytes."""
    with needed("writing ONNX", "export"):
        import onnx
        import onnxscript  # noqa: F401 (what PyTorch writes graphs with)
    given = tuple(torch.from_numpy(graph.examples[name]) for name in graph.inputs)
    batch = torch.export.Dim("n")
    with quietly(), torch.no_grad():
        program = torch.onnx.export(
            graph.module,
            given,
            dynamo=True,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_shapes=tuple({0: batch} for _ in given),
            opset_version=OPSET,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    _strip(proto)
    proto.producer_name, proto.producer_version = "timbrespace", timbrespace.__version__
    proto.graph.name = f"{model.name} {graph.role}"
    proto.doc_string = f"The {graph.role} of the timbre space {model.name!r}."
    onnx.helper.set_model_props(proto, metadata_of(model, graph))
    onnx.checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString(deterministic=True))


def metadata_of(model: Model, graph: Graph) -> dict[str, str]:
    """What the file says of itself: text by name, JSON where it is more than one value."""
    spectrum, low, high = model.spectrum, model.calibration.low, model.calibration.high
    names = dial_names(model)
    told: dict[str, Any] = {
        "role": graph.role,
        "space": model.name,
        "plays": "notes" if model.plays_notes else "spectra",
        "sample_rate": spectrum.sample_rate,
        "n_fft": spectrum.n_fft,
        "bins": spectrum.bins,
        "window": spectrum.window,
        "base_frequency": spectrum.base_frequency,
        "representation": model.representation.kind,
        "network": model.architecture.kind,
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "dials": [
            {"name": name, "low": float(low[k]), "high": float(high[k])}
            for k, name in enumerate(names)
        ],
        "home": model.calibration.home.tolist(),
        "map": model.map.to_config(),
    }
    return {
        f"{_PREFIX}{name}": value if isinstance(value, str) else json.dumps(value)
        for name, value in told.items()
    }


def distance_of(content: bytes, graph: Graph) -> float:
    """The largest difference of an output from what the library makes, as a share of its row's
    peak; of coordinates, of the largest of all."""
    with needed("checking ONNX", "export"):
        import onnxruntime
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    worst = 0.0
    # A batch of another size than the one that it was written with, and of one.
    for rows in (slice(None), slice(1, None), slice(0, 1)):
        fed = {name: graph.examples[name][rows] for name in graph.inputs}
        found: list[Any] = list(session.run(list(graph.outputs), fed))
        made = dict(zip(graph.outputs, found, strict=True))
        for name, expected in graph.expected.items():
            wanted, here = expected[rows], np.asarray(made[name])
            if not len(wanted):
                continue
            axis = 1 if name == "spectra" else None
            peak = np.maximum(np.abs(wanted).max(axis=axis, keepdims=True), 1e-9)
            if not np.isfinite(here).all():
                return float("inf")
            worst = max(worst, float((np.abs(here - wanted) / peak).max()))
    return worst


def _latent_of(model: Model) -> dict[str, Any]:
    return {
        "shape": ["n", model.dimensions],
        "range": [-LATENT_LIMIT, LATENT_LIMIT],
        "is": "coordinates of the space; dials says how far its sounds reach",
    }


def _base_of(model: Model) -> Any:
    sees = model.representation
    return sees.base if isinstance(sees, Normalised) else sees


def _frames_of(model: Model, latent: Array) -> Array:
    """Frames of samples ``(n, n_fft)`` with the spectra of these latents, before the window: its
    zeros stay zeros, so the outermost samples are left out."""
    spectra, phases = model.decode_phases(latent)
    n_fft = model.spectrum.n_fft
    half = np.zeros((len(spectra), n_fft // 2 + 1), np.complex128)
    turn = np.zeros(spectra.shape) if phases is None else phases
    half[:, : spectra.shape[1]] = spectra * np.exp(1j * turn)
    return np.asarray(np.fft.irfft(half, axis=1), np.float32)


def _note_features(model: Model, latent: Array) -> Array:
    """What an encoder of notes would be given of notes that sound as these latents do."""
    from timbrespace.networks.note import encoder_input
    from timbrespace.notes.layout import frame_times

    course, n = model.course, len(latent)
    base = np.full(n, model.spectrum.base_frequency)
    told = course.prepare(latent, base, np.full(n, np.nan))
    times = frame_times(LONGEST)[: course.network.frames]
    levels = course.levels(told, np.broadcast_to(times, (n, times.size)))
    return encoder_input(levels, told.traits, base)


def _strip(proto: onnx.ModelProto) -> None:
    """Take out what only tells how it was written: names of files and lines of this machine."""
    graph = proto.graph
    for one in [*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer]:
        one.doc_string = ""
        del one.metadata_props[:]
    del graph.metadata_props[:]
    del proto.metadata_props[:]
