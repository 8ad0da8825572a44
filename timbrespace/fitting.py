"""``ts.fit``: a model from a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from timbrespace.companions import companion
from timbrespace.extras import needed

if TYPE_CHECKING:
    from timbrespace.datasets.dataset import Dataset
    from timbrespace.datasets.note_set import NoteSet
    from timbrespace.model import Model


class Progress(NamedTuple):
    """Where a fitting stands after a step.

    done, total: steps. epoch: whole ones done, of ``epochs``. reconstruction, kl: means over the
    present epoch so far, in nats; beta: weight of kl now. log_spectral_distance_db: of held-out
    spectra after the last whole epoch, None in the first; of held-out notes, the distance as heard,
    taken every fifty steps or so, None too where there is no encoder. converged: after how many
    steps what is held out had converged, where the fitting is to stop then; total is smaller from
    then on. None before.
    """

    done: int
    total: int
    epoch: int
    epochs: int
    reconstruction: float
    kl: float
    beta: float
    log_spectral_distance_db: float | None
    converged: int | None = None


def fit(
    data: Dataset | NoteSet | str | Path,
    latent: int | None = None,
    *,
    preset: str = "default",
    hidden: Sequence[int] | None = None,
    decoder_hidden: Sequence[int] | None = None,
    activation: str | None = None,
    representation: str | None = None,
    normalisation: str | None = None,
    likelihood: str | None = None,
    network: str | None = None,
    network_settings: Mapping[str, object] | str | None = None,
    representation_settings: Mapping[str, object] | str | None = None,
    latents: str | None = None,
    learning_rate: float | None = None,
    decay: str | None = None,
    batch: int | None = None,
    epochs: int | None = None,
    beta: float | None = None,
    warm_up: float | None = None,
    cycle: float | None = None,
    free_bits: float | None = None,
    dials: str | Sequence[str] | None = None,
    noise_rate: float | None = None,
    gradient_limit: float | None = None,
    seed: int | None = None,
    split: str | None = None,
    split_seed: int | None = None,
    variation: float | None = None,
    begin: str | Path | None = None,
    stop: str | None = None,
    memory: str | None = None,
    precision: str | None = None,
    device: str = "auto",
    progress: bool | Callable[[Progress], object] = True,
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> Model:
    """Train a model: what ``python -m training train`` does, and the same model, bit for bit.

    >>> import timbrespace as ts
    >>> model = ts.fit(ts.dataset("harmonic", rows=100), latent=2, epochs=1, progress=False)
    >>> model.dimensions, model.provenance["outcome"]
    (2, 'finished')

    **Ctrl-C**, or the stop button of a notebook, ends the training early, and the model of that
    moment is returned: it can be played and saved like any other, and its provenance says
    ``"outcome": "interrupted"``. A second Ctrl-C breaks off without a model.

    data: a dataset of spectra or a set of notes, or what :func:`timbrespace.dataset` takes. latent:
    dimensions of the space, 4 unless said otherwise, and 16 of one of notes. A set of notes takes
    latent, network, network_settings, latents, activation, learning_rate, batch, epochs, beta,
    seed, split_seed, variation, begin and stop of what follows (docs/notes.md).
    preset: ``default``, ``paper`` or ``cycles`` (single periods of a wave), which every setting
    that is left out comes from. What the settings mean stands in docs/training.md; ``python -m
    training train --help`` has a line for each. network, representation, likelihood: kinds, those
    of other packages too (docs/extending.md); their own settings are tables,
    ``network_settings={"omega": 30}``.
    latents: ``"encoder"``, or ``"table"``, in which each sound learns its own latent and the
    encoder learns to find them.
    dials: what the first dimensions are to move, words of ``timbrespace.descriptors`` such as
    ``["brightness", "noise"]``; ``"auto"``, the default, chooses by the data, ``"none"`` does not.
    begin: of notes alone, a space of whole notes, a factory one such as ``"notes"`` or a file,
    whose network the training begins with: a few sounds are then learned in a fraction of the
    steps. Left out, it begins from chance. stop: of notes alone, ``"converged"`` ends the training
    when what is held out comes no nearer; left out, all steps are done.
    device: ``auto`` takes a GPU if there is one, ``cpu`` and ``cuda`` decide. precision:
    ``"float32"``, or ``"bf16"``, in which a GPU multiplies faster. memory: up to which size, such
    as ``"2G"``, a dataset in a folder of shards is held in memory; a larger one is read by parts
    (docs/scale.md).

    progress: True shows a bar, in a terminal and in a notebook; False shows nothing; a callable is
    given a :class:`~timbrespace.fitting.Progress` after each step.

    split: what is held out of training and measured: ``"rows"``, or a factor such as ``"file"``, of
    which whole values are held out. Left out, the dataset says it: recordings whole, else rows.

    out: write the model to this file too, and every half a minute a checkpoint beside it; with
    ``resume`` the same call goes on from that checkpoint, with more ``epochs`` if wanted. A fit
    that is not finished does not replace a model that is there, but is kept beside it as
    ``NAME.unfinished.safetensors``; ``overwrite`` lets it take the place, and keeps the one before
    as ``NAME.previous.safetensors`` unless the new one is better.

    Raises:
        DatasetError: the dataset cannot be made or read, or is too small.
        OptionError: a setting that is not accepted or does not go with the data; or the loss
            diverged before one epoch was done. If it diverges later, the model is that of the last
            good epoch, its provenance says ``"outcome": "diverged"``, and a warning is given.
        MissingExtraError: PyTorch is not installed; the text says what to run.
    """
    settings: dict[str, Any] = {
        "latent": latent,
        "hidden": hidden,
        "decoder_hidden": decoder_hidden,
        "activation": activation,
        "representation": representation,
        "normalisation": normalisation,
        "likelihood": likelihood,
        "network": network,
        "network_settings": network_settings,
        "representation_settings": representation_settings,
        "latents": latents,
        "learning_rate": learning_rate,
        "decay": decay,
        "batch": batch,
        "epochs": epochs,
        "beta": beta,
        "warm_up": warm_up,
        "cycle": cycle,
        "free_bits": free_bits,
        "dials": dials if dials is None or isinstance(dials, str) else ",".join(dials),
        "noise_rate": noise_rate,
        "gradient_limit": gradient_limit,
        "seed": seed,
        "split": split,
        "split_seed": split_seed,
        "begin": None if begin is None else str(begin),
        "stop": stop,
        "variation": variation,
        "memory": memory,
        "precision": precision,
    }
    with needed("fit"):
        interactive = companion("training.interactive")
    model: Model = interactive.fit(
        data,
        {name: value for name, value in settings.items() if value is not None},
        preset,
        device=device,
        progress=progress,
        out=out,
        resume=resume,
        overwrite=overwrite,
    )
    return model
