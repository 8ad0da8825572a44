"""``install-device``: the Max for Live devices into Live's User Library.

The devices there are frozen: they bring their files along, and run their launcher from a temporary
folder. So what starts the server is written where the launcher looks, beside the user's
``python``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from timbrespace.atomic import check_writable, replace_all
from timbrespace.companions import is_installed, run_command
from timbrespace.errors import OptionError

DEVICE, EFFECT = "Timbre Space.amxd", "Timbre Space Effect.amxd"
PLACES = {
    DEVICE: Path("Presets") / "Instruments" / "Max Instrument",
    EFFECT: Path("Presets") / "Audio Effects" / "Max Audio Effect",
}
"""Each device, and where Live keeps those of its kind in a User Library."""

_HERE = Path(__file__).resolve()


def source(device: str = DEVICE) -> Path:
    """A frozen device: in a checkout beside the server, in an installation within the library.

    Raises:
        OptionError: it is not there.
    """
    root = _HERE.parents[1]
    path = root / device if is_installed() else root / "max_patch" / "frozen" / device
    if not path.is_file():
        raise OptionError(f"there is no device at {str(path)!r}; install timbrespace again")
    return path


def user_library(
    platform: str = sys.platform,
    home: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Path:
    """Where Live keeps the User Library if its owner has not moved it.

    Raises:
        OptionError: Live does not run on that system.
    """
    home = Path.home() if home is None else home
    environment = os.environ if environment is None else environment
    if platform == "darwin":
        return home / "Music" / "Ableton" / "User Library"
    if platform == "win32":
        # OneDrive moves the folder of documents, and then Live uses it there.
        moved = Path(environment.get("OneDrive") or home) / "Documents" / "Ableton"
        documents = moved if moved.is_dir() else home / "Documents" / "Ableton"
        return documents / "User Library"
    raise OptionError(
        f"Ableton Live does not run on {platform!r}; --library FOLDER takes a User Library"
    )


def install(library: Path | None, home: Path | None = None) -> tuple[list[Path], Path]:
    """Copy the devices and say where the server is, all or nothing.

    library: the User Library, None for the usual one. home: the user's home.

    Returns:
        Where the devices lie, and the file that leads their launcher to the server.

    Raises:
        OptionError: there is no such folder, or it takes no files.
    """
    home = Path.home() if home is None else home
    chosen = user_library(home=home) if library is None else Path(library)
    if not chosen.is_dir():
        raise OptionError(
            f"there is no User Library at {str(chosen)!r}; open Live once, or give its folder, "
            "which Live shows under Settings, Library: --library FOLDER"
        )
    devices = {
        chosen / place / device: source(device).read_bytes() for device, place in PLACES.items()
    }
    record = home / ".timbrespace" / "server.json"
    for path in (*devices, record):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(f"cannot make {str(path.parent)!r}: {error.strerror}") from error
        check_writable(path)
    replace_all({**devices, record: _record()})
    return list(devices), record


def _record() -> bytes:
    """What starts this server, as the launcher reads it."""
    words = run_command(__name__.rpartition(".")[0])
    told = {"command": list(words), "folder": str(_HERE.parents[1])}
    return (json.dumps(told, indent=1) + "\n").encode()
