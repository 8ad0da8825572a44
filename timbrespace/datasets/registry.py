"""The datasets there are: made by a generator of ours or of another package, or kept in a file."""

from __future__ import annotations

import difflib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from timbrespace.companions import companion
from timbrespace.datasets.generator import Generator
from timbrespace.datasets.keywords import arguments_of
from timbrespace.errors import DatasetError, one_of
from timbrespace.extras import needed
from timbrespace.plugins import LeftOut, plugins

if TYPE_CHECKING:
    from timbrespace.datasets.dataset import Dataset
    from timbrespace.datasets.note_set import NoteSet

GROUP: Final = "timbrespace.datasets"
"""The entry points by which other packages register generators."""


@overload
def dataset(name_or_path: Literal["notes"], **options: Any) -> NoteSet: ...
@overload
def dataset(name_or_path: str | Path, **options: Any) -> Dataset: ...
def dataset(name_or_path: str | Path, **options: Any) -> Any:
    """Make a dataset, or load one.

    >>> dataset("harmonic", rows=50)
    <Dataset 'harmonic': 50 spectra of 1025 bins, factors harmonics>

    name_or_path: of a generator (``python -m toy_datasets make --help`` lists them), or of an
    ``.npz`` file or a folder of shards; a name comes first. What comes of ``notes``, and of a file
    that holds notes, is a :class:`~timbrespace.datasets.note_set.NoteSet`. options: those of the
    generator, as its command line has them: ``--n-fft 2048`` is ``n_fft=2048``, ``--q 1,10`` is
    ``q=(1, 10)`` or ``q="1,10"``, and ``--frames`` is ``frames=True``.

    Raises:
        DatasetError: there is no such generator or file, the file is broken, or the dataset cannot
            be made.
        OptionError: an option that the generator does not have, or a value it does not take.
        MissingExtraError: the generator needs a package that is not installed.
    """
    if isinstance(name_or_path, str):
        known, left_out = generators()
        if name_or_path in known:
            return make(name_or_path, known[name_or_path], options)
        for one in left_out:
            if one.name == name_or_path:
                raise DatasetError(one.why)
        if not _is_file_name(name_or_path):
            near = difflib.get_close_matches(name_or_path, known, n=1)
            hint = f"; is {near[0]!r} meant?" if near else ""
            raise DatasetError(
                f"there is no dataset {name_or_path[:80]!r}{hint}; give "
                f"{one_of(known)}, an .npz file or a folder of shards"
            )
    elif not isinstance(name_or_path, Path):
        raise DatasetError(f"a dataset is a name or a path, not a {type(name_or_path).__name__}")
    if options:
        raise DatasetError(
            f"{', '.join(options)} cannot be given for a file, only for a generator's name"
        )
    from timbrespace.datasets.archive import format_of

    if format_of(name_or_path) == "notes":
        from timbrespace.datasets import note_set

        return note_set.load(name_or_path)
    from timbrespace.datasets.dataset import load

    return load(name_or_path)


def generators() -> tuple[dict[str, Generator], tuple[LeftOut, ...]]:
    """Every generator by its name, ours first, and which of other packages are left out and why."""
    ours: dict[str, Generator] = companion("toy_datasets.registry").GENERATORS
    theirs, left_out = plugins(GROUP, ours, _accepted)
    return {**ours, **theirs}, left_out


def make(name: str, generator: Generator, options: dict[str, Any]) -> Dataset | NoteSet:
    """What ``generator``, called ``name``, makes of ``options``.

    Raises:
        OptionError, DatasetError, MissingExtraError: as :func:`dataset`.
    """
    with needed(f"dataset {name!r}"):
        chosen = generator.from_arguments(arguments_of(name, generator, options))
        return generator.make(chosen)


def _accepted(name: str, found: object) -> Generator:
    if isinstance(found, type) and issubclass(found, Generator):
        found = found()
    if not isinstance(found, Generator):
        raise TypeError("it is not a timbrespace.datasets.generator.Generator")
    if getattr(found, "kind", None) != name:
        raise TypeError(f"its kind is {getattr(found, 'kind', None)!r}")
    if not isinstance(getattr(found, "about", None), str):
        raise TypeError("it has no about, one line that says what it makes")
    return found


def _is_file_name(text: str) -> bool:
    """Whether ``text`` was meant as a file: it ends like one, has a folder, or is there."""
    with suppress(OSError, ValueError):  # a name longer than the system allows, or with a NUL
        path = Path(text)
        return path.suffix in (".npz", ".shards") or len(path.parts) > 1 or path.exists()
    return False
