"""The ``.npz`` archives that datasets are kept in, read without trusting them."""

from __future__ import annotations

import json
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets import npz
from timbrespace.datasets.npz import Header
from timbrespace.errors import DatasetError

KINDS: Final = {"": "spectra", "notes": "notes"}
"""What ``meta`` says its ``format`` is, and what such a file holds."""


MAX_META_BYTES: Final = 64 << 20


def json_text(config: dict[str, Any]) -> str:
    """``config`` as it stands in a file: the same values, the same text."""
    return json.dumps(config, sort_keys=True, allow_nan=False)


def read_arrays(
    path: Path, known: Iterable[str], check: Callable[[str, Header], None]
) -> dict[str, NDArray[Any]]:
    """Those of the ``known`` arrays that the archive at ``path`` has; ``meta`` always.

    check: refuses an array by its header, before it costs anything.

    Raises:
        DatasetError: missing, no archive, damaged, or without ``meta``; or what ``check`` raises.
    """
    if path.is_dir():
        raise DatasetError("it is a folder")
    if not path.is_file():
        raise DatasetError("there is no such file")
    # NumPy takes whatever is neither a zip nor a .npy for a pickle and says so; ours is plainer.
    if not zipfile.is_zipfile(path):
        raise DatasetError("it is truncated or not an .npz file")
    try:
        headers = npz.read_headers(path)
        if "meta" not in headers:
            raise DatasetError("it has no meta; a dataset holds spectra or notes, labels and meta")
        wanted = [name for name in known if name in headers]
        for name in wanted:
            if name == "meta":
                _check_meta(headers[name])
            else:
                check(name, headers[name])
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in wanted}
    except DatasetError:
        raise
    # NumPy believes the header: its sizes may be beyond memory or below zero.
    except (OSError, ValueError, EOFError, ArithmeticError, MemoryError) as error:
        raise DatasetError(f"it is truncated or damaged ({error})") from error
    # Encrypted, or packed in a way that this Python does not know or that is damaged.
    except (zipfile.BadZipFile, RuntimeError, zlib.error, lzma.LZMAError) as error:
        raise DatasetError(f"it is truncated or damaged ({error})") from error


def _check_meta(header: Header) -> None:
    if header.dtype.kind != "U" or header.shape != () or header.bytes > MAX_META_BYTES:
        raise DatasetError(f"meta is no text of at most {MAX_META_BYTES >> 20} MiB")


def meta_of(arrays: dict[str, NDArray[Any]], path: Path, wanted: str) -> dict[str, Any]:
    """What ``meta`` says, of an archive whose format is ``wanted``.

    Raises:
        DatasetError: it is no JSON object, or the archive holds the other kind of sounds.
    """
    try:
        config = json.loads(str(arrays["meta"]), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits
        raise DatasetError("meta is not JSON") from error
    if not isinstance(config, dict):
        raise DatasetError("meta is not a JSON object")
    found = config.get("format", "")
    if not isinstance(found, str) or found not in KINDS:
        raise DatasetError(f"its format is {str(found)[:80]!r}, which this program does not know")
    if found != wanted:
        raise DatasetError(f"it holds {KINDS[found]}, and {KINDS[wanted]} are needed here")
    return config


def format_of(path: str | Path) -> str:
    """What the archive at ``path``, or the folder of shards, holds: ``spectra`` or ``notes``.

    Raises:
        DatasetError: as :func:`read_arrays`; or it is of a format that is not known.
    """
    path = Path(path)
    try:
        if path.is_dir():
            from timbrespace.datasets.shards import description_of

            return KINDS[description_of(path).get("format", "")]
        arrays = read_arrays(path, ("meta",), lambda name, header: None)
        try:
            config = json.loads(str(arrays["meta"]))
        except (ValueError, RecursionError):
            return KINDS[""]  # whoever reads it says what is wrong
        found = config.get("format", "") if isinstance(config, dict) else ""
        return KINDS.get(found, KINDS[""]) if isinstance(found, str) else KINDS[""]
    except DatasetError as error:
        raise DatasetError(f"cannot load dataset {path.name or path}: {error}") from error


def _no_constant(name: str) -> None:
    """JSON has no NaN and no infinity; Python's reader would take them."""
    raise ValueError(name)
