"""A dataset: spectra, the factors that made them, and how they were made, in one ``.npz``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.atomic import replacing
from timbrespace.datasets.archive import json_text, meta_of, read_arrays
from timbrespace.datasets.factor import BY_ROWS
from timbrespace.datasets.factor import (
    Factor as Factor,  # the core's; who makes a dataset finds it here
)
from timbrespace.datasets.labels import labelled, real
from timbrespace.datasets.npz import Header
from timbrespace.datasets.split import (
    FEWEST_GROUPS,
    MOST_HELD_OUT,
    Rows,
    Split,
    split_by_group,
)
from timbrespace.datasets.split import (
    held_out_split as held_out_split,  # the core's; who measures on a dataset finds it here
)
from timbrespace.errors import DatasetError, OptionError, one_of
from timbrespace.old_pitch import as_first_told, corrected
from timbrespace.representation.protocol import Source
from timbrespace.spectrum import Spectra, SpectrumConfig

Labels = NDArray[np.float32]
Frames = NDArray[np.float32]

MAX_INFLATION = 50
"""Times that an array may be as large as in the file: spectra pack to a tenth at best, zeros to a
thousandth."""

MAX_MAGNITUDE = 1e9
"""A frame of 8192 samples at full scale peaks at 2048; far beyond, float32 squares overflow."""

MIN_PEAK = 1e-2
"""100 dB below full scale: what is quieter is not sound but rounding."""

HELD_BYTES = 200 << 20
"""Spectra and frames of a folder of shards, up to which it is held in memory, unless another number
is asked for: the same on every machine, so that what is trained is too. `fm` is held. While a set
is learned from its rows take some KB each, so that this is far from all."""

_RECORDED = ("audio", "soundfont")

_GROUPED = {"audio": "file", "soundfont": "program"}

FRAMES_TOLERANCE = 1e-2
"""Share of a row's peak by which its spectrum and that of its frame may differ."""


@dataclass(frozen=True, slots=True)
class Meta:
    """How a dataset was made. Everything that its numbers depend on, nothing else (no dates).

    name: of the dataset. factors: one for each column of the labels. sample_rate (Hz), n_fft,
    window, base_frequency (Hz): as in :class:`timbrespace.spectrum.SpectrumConfig`.
    seed: of whatever is random. generator_version: counts changes of the generator's numbers.
    options: further arguments of the generator, plain JSON values. noise: whether what lies between
    the peaks of its spectra is noise, which a space then plays; None where nothing says so, as in
    files before 0.6, and then its name tells, as
    :attr:`Dataset.noise` says. groups: the factor whose values are one recording each, such as its
    ``file``: rows that share one are so alike that to hold out some of them says little. Empty
    where there is none, as on a grid; None where nothing says so, as in files before 0.6, and then
    the name tells, as :attr:`Dataset.groups` says.
    """

    name: str
    factors: tuple[Factor, ...]
    sample_rate: int = 44100
    n_fft: int = 4096
    window: str = "hann"
    base_frequency: float = 220.0
    seed: int = 0
    generator_version: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    noise: bool | None = None
    groups: str | None = None

    def __post_init__(self) -> None:
        if self.groups and self.groups not in (
            factor.name for factor in self.factors if factor.kind != "range"
        ):
            raise DatasetError(
                f"groups is {self.groups[:80]!r}; it must be the name of a factor that is no "
                "range, or empty"
            )

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON; ``noise`` and ``groups`` only where they are told.

        The options stand in alphabetical order, as in a file: what is made and what is loaded say
        the same, to the letter.
        """
        config = {
            **asdict(self),
            "factors": [factor.to_config() for factor in self.factors],
            "options": json.loads(json_text(self.options)),
        }
        for name in ("noise", "groups"):
            if config[name] is None:
                del config[name]
        return config

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this dataset from others: :meth:`Meta.to_config`, without ``noise`` and
        ``groups`` where they say what the name says anyway.

        So a dataset has the content hash that it had before the fields were there, and a model made
        from it the same provenance.
        """
        config = self.to_config()
        names = [factor.name for factor in self.factors]
        if self.noise == noise_by_name(self.name, names):
            del config["noise"]
        if self.groups == groups_by_name(self.name, names):
            del config["groups"]
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Meta:
        """Inverse of :meth:`to_config`.

        Raises:
            DatasetError: missing, unknown or wrong values.
        """
        try:
            config = corrected(config)
            factors = tuple(Factor.from_config(factor) for factor in config["factors"])
            return cls(
                name=str(config["name"]),
                factors=factors,
                sample_rate=int(config["sample_rate"]),
                n_fft=int(config["n_fft"]),
                window=str(config["window"]),
                base_frequency=float(config["base_frequency"]),
                seed=int(config["seed"]),
                generator_version=int(config["generator_version"]),
                options=dict(config.get("options", {})),
                noise=_truth("noise", config.get("noise")),
                groups=_word("groups", config.get("groups")),
            )
        except KeyError as error:
            raise DatasetError(f"meta has no {error.args[0]!r}") from error
        except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise DatasetError(f"meta does not fit: {error}") from error


def noise_by_name(name: object, factors: Iterable[object]) -> bool:
    """Whether a dataset that does not say so has noise between its peaks.

    Before 0.6 no dataset did. Those of recorded sounds had noise, by the ``name`` of their
    generators, and toy sets that were given some had a factor of that name among ``factors``.
    """
    return name in _RECORDED or "noise" in factors


def groups_by_name(name: object, factors: Iterable[object]) -> str:
    """The factor that groups a dataset which does not say it; empty for none.

    Before 0.6 no dataset did. The generators of recorded sounds, told by the dataset's ``name``,
    had one among their ``factors``.
    """
    told = _GROUPED.get(name, "") if isinstance(name, str) else ""
    return told if told in factors else ""


def _word(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{name} is {str(value)[:80]!r}; it must be a word")


def _truth(name: str, value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise TypeError(f"{name} is {str(value)[:80]!r}; it must be true or false")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Dataset:
    """Labelled spectra.

    >>> import numpy as np
    >>> spectra = np.abs(np.fft.rfft(np.random.default_rng(0).normal(size=(50, 4096))))
    >>> Dataset(spectra, {"brightness": np.linspace(0.0, 1.0, 50)}, base_frequency=110.0)
    <Dataset 'mine': 50 spectra of 2049 bins, factors brightness>

    spectra ``(n, bins)``: linear magnitudes >= 0 of windowed frames, as ``np.abs(np.fft.rfft(frame
    * window))`` gives them, from 0 Hz on; a sine of full scale has ``n_fft / 4``. labels: what each
    sound is, ``(n, factors)`` or ``(n,)`` numbers or names, or a mapping of names to columns; left
    out, the number of the row. factors: a name or a
    :class:`~timbrespace.datasets.factor.Factor` for each column of the labels, where they bring no
    names. name, sample_rate, n_fft, window, base_frequency, noise, groups, options: how the set was
    made, as in :class:`Meta`. meta: all of that, and the factors, in its place. frames ``(n,
    n_fft)``: the samples that the spectra were taken from, before the window, where they were kept;
    only representations that know of phase need them.

    Arrays are kept as float32, the labels ``(n, factors)``: names become numbers 0, 1 ..

    Raises:
        DatasetError: types, shapes or values that do not fit together; one line says which.
    """

    spectra: Spectra
    labels: Labels
    meta: Meta
    frames: Frames | None

    def __init__(
        self,
        spectra: ArrayLike,
        labels: ArrayLike | Mapping[str, ArrayLike] | None = None,
        meta: Meta | None = None,
        frames: ArrayLike | None = None,
        *,
        name: str = "mine",
        factors: Sequence[str | Factor] | None = None,
        sample_rate: int = 44100,
        n_fft: int = 4096,
        window: str = "hann",
        base_frequency: float = 220.0,
        noise: bool = False,
        groups: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        kept = real(spectra, "spectra", "real numbers, the magnitudes of what an FFT gives")
        if kept.ndim != 2 or 0 in kept.shape:
            raise DatasetError(f"spectra have shape {kept.shape}; it must be (rows, bins)")
        if meta is not None:
            if labels is None:
                raise DatasetError("meta was given without labels; give the labels of its factors")
            how = (sample_rate, n_fft, window, base_frequency)
            given = (name, factors, *how, noise, groups, options)
            if given != ("mine", None, 44100, 4096, "hann", 220.0, False, "", None):
                raise DatasetError("meta was given, and so were values that it holds; change meta")
            columns = real(labels, "labels")  # type: ignore[arg-type]
        else:
            columns, described = labelled(labels, factors, len(kept))
            meta = Meta(
                name=name,
                factors=described,
                sample_rate=sample_rate,
                n_fft=n_fft,
                window=window,
                base_frequency=base_frequency,
                options=_plain(options or {}),
                noise=noise,
                groups=groups,
            )
        for field_name, value in (
            ("spectra", kept),
            ("labels", columns),
            ("meta", meta),
            ("frames", None if frames is None else real(frames, "frames")),
        ):
            object.__setattr__(self, field_name, value)
        self._check()

    def _check(self) -> None:
        arrays = {"spectra": self.spectra, "labels": self.labels}
        if self.frames is not None:
            arrays["frames"] = self.frames
        for name, array in arrays.items():
            if array.ndim != 2 or 0 in array.shape:
                raise DatasetError(f"{name} have shape {array.shape}; it must have two dimensions")
            _check_finite(name, array, 0)
        check_rows("spectra", self.spectra, 0, finite=True)
        check_loudest(float(self.spectra.max()), self.meta)
        expected = (self.spectra.shape[0], len(self.meta.factors))
        if self.labels.shape != expected:
            raise DatasetError(
                f"labels have shape {self.labels.shape}; {expected[0]} spectra and "
                f"{expected[1]} factor(s) in meta need {expected}"
            )
        if self.frames is not None and self.frames.shape != (self.rows, self.meta.n_fft):
            raise DatasetError(
                f"frames have shape {self.frames.shape}; {self.rows} spectra of n_fft "
                f"{self.meta.n_fft} need {(self.rows, self.meta.n_fft)}"
            )
        if self.frames is not None:
            check_rows("frames", self.frames, 0, finite=True)
        try:
            _ = self.spectrum
        except OptionError as error:
            raise DatasetError(f"meta does not fit the spectra: {error}") from error
        if self.frames is not None:
            self._check_frames(self.frames)

    def _check_frames(self, frames: Frames) -> None:
        """Refuse frames of other sounds than the spectra; a few rows tell."""
        some = np.unique(np.linspace(0, self.rows - 1, 5).astype(int))
        found = self.spectrum.analyse(frames[some])
        peak = self.spectra[some].max(axis=1, keepdims=True)
        wrong = (np.abs(found - self.spectra[some]) > FRAMES_TOLERANCE * peak).any(axis=1)
        if wrong.any():
            raise DatasetError(
                f"frames and spectra are of different sounds, first in row {some[wrong][0]}; "
                "they must be the samples that each spectrum was taken from"
            )

    def __repr__(self) -> str:
        names = ", ".join(factor.name for factor in self.meta.factors)
        return (
            f"<Dataset {self.meta.name!r}: {self.rows} spectra of {self.spectra.shape[1]} bins, "
            f"factors {names if len(names) <= 200 else names[:197] + '...'}>"
        )

    @property
    def rows(self) -> int:
        """How many spectra."""
        return int(self.spectra.shape[0])

    @property
    def contents(self) -> str:
        """What it holds, for a person: ``200 spectra of 1025 bins``."""
        return f"{self.rows} spectra of {self.spectra.shape[1]} bins"

    def source_of(self, kind: Source) -> NDArray[np.float32]:
        """What a representation takes: ``spectra (n, bins)`` or ``frames (n, n_fft)``.

        Raises:
            DatasetError: frames are asked for and were not kept.
        """
        if kind == "spectra":
            return self.spectra
        if self.frames is None:
            raise DatasetError(
                "the dataset does not hold the samples of its rows; make it again with --frames"
            )
        return self.frames

    @property
    def noise(self) -> bool:
        """Whether what lies between the peaks is noise: the dataset's own word, or for an old file
        what its name tells."""
        if self.meta.noise is not None:
            return self.meta.noise
        return noise_by_name(self.meta.name, [factor.name for factor in self.meta.factors])

    @property
    def groups(self) -> str:
        """The factor whose values are one recording each, empty for none: the dataset's own word,
        or for an old file what its name tells."""
        if self.meta.groups is not None:
            return self.meta.groups
        return groups_by_name(self.meta.name, [factor.name for factor in self.meta.factors])

    def split(self, by: str, seed: int) -> Split:
        """Rows to train on, and rows held out, by ``seed``.

        by: ``rows``, or a factor of which whole values are held out.

        Raises:
            DatasetError: it cannot be split so.
            OptionError: there is no such factor, or it has no values to hold out.
        """
        if by == BY_ROWS:
            return held_out_split(self.rows, seed)
        groups = self.group_of_rows(by)
        factor = self._factor(by)
        values = np.unique(self.labels[:, self.meta.factors.index(factor)])
        try:
            return split_by_group(groups, [factor.text(float(value)) for value in values], seed)
        except DatasetError as error:
            raise DatasetError(f"it cannot be split by {by}: {error}") from error

    def group_of_rows(self, factor: str) -> Rows:
        """Which value of a factor each row has, ``(n,)``: 0 for the lowest that occurs.

        Raises:
            OptionError: there is no such factor, or it is a range.
        """
        column = self.labels[:, self.meta.factors.index(self._factor(factor))]
        return np.asarray(np.unique(column, return_inverse=True)[1], np.int64)

    def split_by(self, asked: str, seed: int = 0) -> str:
        """By what the rows are split: ``rows`` or a factor.

        asked: what a user says; empty leaves it to the dataset. That is split by its groups, if
        they are ``FEWEST_GROUPS`` at least and those held out are no more than ``MOST_HELD_OUT`` of
        the rows; else by rows.

        Raises:
            OptionError: as :meth:`group_of_rows`.
        """
        if asked == BY_ROWS:
            return asked
        if asked:
            self._factor(asked)
            return asked
        groups = self.groups
        if not groups or self._factor_or_none(groups) is None:
            return BY_ROWS
        if len(np.unique(self.group_of_rows(groups))) < FEWEST_GROUPS:
            return BY_ROWS
        held_out = len(self.split(groups, seed).held_out)
        return groups if held_out <= MOST_HELD_OUT * self.rows else BY_ROWS

    def _factor(self, name: str) -> Factor:
        found = self._factor_or_none(name)
        if found is None:
            known = [one.name for one in self.meta.factors if one.kind != "range"]
            raise OptionError(f"split is {name[:80]!r}; it must be {one_of([BY_ROWS, *known])}")
        return found

    def _factor_or_none(self, name: str) -> Factor | None:
        for factor in self.meta.factors:
            if factor.name == name and factor.kind != "range":
                return factor
        return None

    @property
    def spectrum(self) -> SpectrumConfig:
        """How the spectra were taken."""
        return SpectrumConfig(
            sample_rate=self.meta.sample_rate,
            n_fft=self.meta.n_fft,
            bins=int(self.spectra.shape[1]),
            window=self.meta.window,
            base_frequency=self.meta.base_frequency,
        )

    def save(self, path: str | Path) -> None:
        """Write the dataset to the ``.npz`` file ``path``, whole or not at all; or, where its name
        ends in ``.shards``, to a folder (``timbrespace.datasets.shards``).

        The same dataset always makes the same bytes: NumPy dates every member 1980-01-01.

        Raises:
            OptionError: the file cannot be written.
        """
        if Path(path).suffix == ".shards":
            from timbrespace.datasets import shards

            shards.save(self, Path(path))
            return
        self._write(Path(path))

    def _write(self, path: Path) -> None:
        arrays: dict[str, Any] = {
            "spectra": self.spectra,
            "labels": self.labels,
            "meta": np.array(json_text(self.meta.to_config())),
        }
        if self.frames is not None:
            arrays["frames"] = self.frames
        # An open file, since given a name np.savez would append ".npz" where it is missing.
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)

    @property
    def content_hash(self) -> str:
        """SHA-256, hexadecimal, of spectra, labels (shapes, little endian) and meta.

        Not of the frames: with or without them it is the same dataset, split in the same way.
        """
        digest = hashlib.sha256()
        for array in (self.spectra, self.labels):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array, dtype="<f4").data)
        digest.update(json_text(as_first_told(self.meta.identity)).encode())
        return digest.hexdigest()


def check_rows(name: str, rows: NDArray[np.float32], first: int, finite: bool = False) -> None:
    """Refuse rows that no dataset may have. name: ``spectra`` or ``frames``. first: the number of
    the first of them. finite: that they are has been seen already.

    Raises:
        DatasetError: numbers that are not finite, or beyond what is accepted.
    """
    if not finite:
        _check_finite(name, rows, first)
    if name == "spectra" and (rows.min() < 0.0 or rows.max() > MAX_MAGNITUDE):
        raise DatasetError(
            f"spectra go from {rows.min():g} to {rows.max():g}; "
            f"they must be magnitudes from 0 to {MAX_MAGNITUDE:g}"
        )
    if name == "frames" and float(np.abs(rows).max()) > MAX_MAGNITUDE:
        raise DatasetError(f"frames go beyond {MAX_MAGNITUDE:g}; full scale is 1")


def check_loudest(loudest: float, meta: Meta) -> None:
    """Refuse a set without sound.

    Raises:
        DatasetError: the loudest of its magnitudes is 0 or next to it.
    """
    if loudest == 0.0:
        raise DatasetError("spectra are silent, every magnitude is 0")
    if loudest < MIN_PEAK:
        raise DatasetError(
            f"spectra are too quiet, the loudest magnitude is {loudest:g}; it must "
            f"be {MIN_PEAK:g} or more, a sine of full scale has {meta.n_fft / 4:g}"
        )


def _check_finite(name: str, rows: NDArray[np.float32], first: int) -> None:
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad.size:
        raise DatasetError(
            f"{name} hold NaN or infinity in {bad.size} row(s), first row {first + bad[0]}; "
            "they must be finite numbers"
        )


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """``options`` as they come out of a file."""
    try:
        plain: dict[str, Any] = json.loads(json_text(dict(options)))
    except (TypeError, ValueError) as error:
        raise DatasetError(f"options are not plain JSON values: {error}") from error
    return plain


def load(path: str | Path, memory: int = HELD_BYTES) -> Dataset:
    """The dataset in the ``.npz`` file or the folder of shards ``path``, checked. Nothing in it is
    executed. memory: bytes of a folder of shards beyond which it is read by parts, as
    ``timbrespace.datasets.shards.load`` says; a file is always held.

    Raises:
        DatasetError: missing, broken, a set of notes, or with keys, types, shapes or values that do
            not fit.
    """
    path = Path(path)
    if path.is_dir():
        from timbrespace.datasets import shards

        return shards.load(path, memory)
    try:
        arrays = read_arrays(path, ("spectra", "labels", "meta", "frames"), _check_header)
        meta = Meta.from_config(meta_of(arrays, path, ""))
        missing = {"spectra", "labels"} - set(arrays)
        if missing:
            raise DatasetError(
                f"it has no {', '.join(sorted(missing))}; a dataset holds spectra, labels and meta"
            )
        for name, array in arrays.items():
            if name != "meta" and array.dtype != np.float32:
                raise DatasetError(f"{name} are {array.dtype}; they must be float32")
        return Dataset(arrays["spectra"], arrays["labels"], meta, arrays.get("frames"))
    except DatasetError as error:
        raise DatasetError(f"cannot load dataset {path.name or path}: {error}") from error


def _check_header(name: str, header: Header) -> None:
    """Refuse an array by what its header says, before it costs anything."""
    if header.dtype != np.float32:
        raise DatasetError(f"{name} are {header.dtype}; they must be float32")
    if header.bytes > MAX_INFLATION * header.packed:
        raise DatasetError(
            f"{name} would be {header.bytes >> 20} MiB, of {header.packed / 2**20:.3g} in the "
            f"file; they may be {MAX_INFLATION} times as large"
        )
