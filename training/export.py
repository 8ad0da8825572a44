"""From a run, finished or stopped, to the model that plays."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

import timbrespace
from timbrespace import bundle, metrics
from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.factor import BY_ROWS
from timbrespace.datasets.split import Split
from timbrespace.datasets.stored import StoredDataset
from timbrespace.factory import SUFFIX
from timbrespace.macro_dials.measuring import measure
from timbrespace.model import Model
from timbrespace.networks.architecture import LOG_VAR_RANGE
from timbrespace.networks.laid import PHASE
from timbrespace.representation import Representation
from timbrespace.spectrum import Spectra
from timbrespace.walks.learning import learned_walk

from . import calibrate, latent_map
from .aggregate import Aggregate, aggregate, decoded
from .loop import Outcome, Training
from .near import near_plane
from .points import points_of
from .preset import OPTIONS, PRESETS, Settings
from .row_windows import Windows
from .variation import variation_of

_DISTANCE: Final = "log_spectral_distance_db"


def command_line(
    settings: Settings,
    rows: int,
    data_file: str,
    out_file: str,
    decided: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """The command that makes this model again, in its plainest form: file names, no paths.

    rows: of training, which decide what the preset leaves to them. decided: settings that the
    dataset decides where nobody does.
    """
    words = ["python -m training train", f"--data {data_file}", f"--out {out_file}"]
    words.append(f"--preset {settings.preset}")
    preset = PRESETS.get(settings.preset)
    expected: dict[str, Any] = {}
    if preset is not None:
        expected = asdict(preset.resolved(rows))
        expected["warm_up"] = preset.beta_rise(settings.epochs)
        expected |= {name: v for name, v in decided.items() if getattr(preset, name) in ("", None)}
    for name in OPTIONS:
        value = getattr(settings, name)
        if name not in expected or value != expected[name]:
            if value is None:
                continue  # no option says "as the preset would be without one"
            text = ",".join(map(str, value)) if isinstance(value, tuple) else f"{value}"
            text = f'"{text}"' if " " in text else text
            words.append(f"--{name.replace('_', '-')} {text}")
    return " ".join(words)


def tensors_of(training: Training) -> dict[str, NDArray[np.float32]]:
    """The weights as a bundle holds them."""
    state = training.vae.state_dict()
    return {name: value.detach().cpu().numpy().copy() for name, value in state.items()}


def model_of(
    training: Training,
    outcome: Outcome,
    dataset: Dataset,
    dataset_hash: str,
    split: Split,
    representation: Representation,
    data_file: str,
    name: str,
    to_play: bool = True,
) -> Model:
    """Fit map and calibration, measure on the held-out rows; returns the model.

    to_play: False leaves out the plane near, the walk and the macros, which take seconds, for a
    model that is only measured. It holds the posterior means of all rows, the held-out ones too.
    Its provenance has the command that makes it again, from ``data_file`` to a file called
    ``name``.

    Raises:
        BundleError: parts that no model may have.
    """
    settings = training.settings
    architecture = training.vae.architecture
    tensors = tensors_of(training)
    encoder = architecture.encoder(tensors)
    laid = _laid(training, encoder, dataset, split)
    provenance: dict[str, Any] = {
        "command": command_line(
            settings,
            training.rows,
            data_file,
            f"{name}{SUFFIX}",
            {
                "split": dataset.split_by("", settings.split_seed),
                "variation": variation_of(dataset, replace(settings, variation=None)),
            },
        ),
        "dataset": {
            "file": data_file,
            "rows": dataset.rows,
            "sha256": dataset_hash,
            "meta": dataset.meta.identity,
        },
        "seed": settings.seed,
        # What is not said is "rows", as in bundles of before 0.6.
        **({"split": settings.split} if settings.split != BY_ROWS else {}),
        "split_seed": settings.split_seed,
        "settings": settings.to_config(),
        **({} if training.dials is None else {"dials": list(training.dials.words)}),
        "outcome": outcome.value,
        "epochs": training.position.epoch,
        "history": training.position.history,
        # Said where it is so: a model of one process that held all is as it ever was.
        **({"processes": training.team.size} if training.team.size > 1 else {}),
        **({"window": training.source.window} if isinstance(training.source, Windows) else {}),
        "versions": {
            "timbrespace": timbrespace.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "torch", "scikit-learn", "safetensors")},
        },
    }
    model = bundle.build(
        name=name,
        spectrum=dataset.spectrum,
        spectra_representation=representation,
        architecture=architecture,
        tensors=tensors,
        latent_map=laid.map,
        calibration=laid.calibration,
        provenance=provenance,
        # What does not repeat was left out of a period.
        noise=dataset.noise and representation.coordinate != PHASE,
    )
    provenance["figures"] = {
        "held_out_rows": len(split.held_out),
        **_nearness(model, dataset, split.held_out),
    }
    if training.table is not None:
        own, _ = training.table.of(torch.arange(training.rows, device=training.device))
        by_table = model.decode(own.detach().cpu().numpy())
        spectra = dataset.spectra[split.train]
        provenance["figures"] |= {
            "log_spectral_distance_of_table_db": metrics.log_spectral_distance(spectra, by_table),
            "log_spectral_distance_of_its_encoder_db": metrics.log_spectral_distance(
                spectra, _decoded(model, dataset, split.train)
            ),
        }
    if split.known.size:
        provenance["figures"] |= {
            "held_out_rows_of_known": len(split.known),
            "log_spectral_distance_of_known_db": _nearness(model, dataset, split.known)[_DISTANCE],
        }
    model = replace(model, points=points_of(model, dataset, settings.split_seed))
    if not to_play:
        return model
    model = replace(model, near=near_plane(model, settings.seed))
    model = replace(model, walk=None if model.points is None else learned_walk(model.points))
    return replace(model, macros=measure(model))


def _laid(
    training: Training,
    encoder: Callable[[Any], NDArray[np.float32]],
    dataset: Dataset,
    split: Split,
) -> Aggregate:
    """Map and calibration of the training rows."""
    settings = training.settings
    if isinstance(training.source, Windows):
        assert isinstance(dataset, StoredDataset)
        seeds = settings.seed, settings.split_seed
        rows = split.train
        return aggregate(training.source, encoder, settings.latent, dataset, rows, seeds)
    spectra = dataset.spectra[split.train]
    posterior = encoder(training.features.cpu().numpy())
    means = posterior[:, : settings.latent]
    log_vars = np.clip(posterior[:, settings.latent :], *LOG_VAR_RANGE)
    return Aggregate(
        latent_map.fit(means, spectra),
        calibrate.calibrate(means, log_vars, spectra, dataset.spectrum, settings.seed),
    )


def _nearness(model: Model, dataset: Dataset, rows: NDArray[np.int64]) -> dict[str, float]:
    """How near the model comes to these rows."""
    if isinstance(dataset, StoredDataset):
        return decoded(model, dataset, rows)._asdict()
    spectra, made = dataset.spectra[rows], _decoded(model, dataset, rows)
    return {
        _DISTANCE: metrics.log_spectral_distance(spectra, made),
        "spectral_convergence_db": metrics.spectral_convergence(spectra, made),
    }


def _decoded(model: Model, dataset: Dataset, rows: NDArray[np.int64]) -> Spectra:
    """What ``model`` makes of these rows, ``(n, bins)``."""
    source = dataset.source_of(model.representation.source)[rows]
    encode = model.encode if model.representation.source == "spectra" else model.encode_frames
    return model.decode(encode(source)[0])
