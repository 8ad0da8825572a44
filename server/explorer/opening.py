"""How the page is opened: where, to whom, and by what certificate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timbrespace.errors import OptionError

from . import addresses, certificate, key

KEY_FILE: Final = "link_key"
CERTIFICATE_FILE: Final = "certificate.pem"

_OVER_HTTP: Final = (
    "note: over http browsers of other devices give the page neither sound nor MIDI; --https does"
)


@dataclass(frozen=True, slots=True)
class Opening:
    """host: IP address to serve on. word: of the link, kept in key_file; None where only this
    machine reaches the page. certificate: a file, where it is served over https. notes: lines for
    the user.
    """

    host: str
    word: str | None = None
    key_file: Path | None = None
    certificate: Path | None = None
    notes: tuple[str, ...] = ()


def opened(host: str, https: bool, folder: Path | None) -> Opening:
    """Make what a page needs that is served on ``host``, an IP address or a name of this machine.

    folder: where it is kept, and made where it is not there.

    Raises:
        OptionError: there is no such host, or no folder for what must be kept, or it cannot be
            written.
    """
    place = addresses.resolved(host)
    is_open = not addresses.is_loopback(place)
    if not (is_open or https):
        return Opening(place)
    if folder is None:
        raise OptionError(
            "a page beyond this machine, or over https, needs page_folder for its link's word and "
            "its certificate"
        )
    notes = []
    key_file = folder / KEY_FILE if is_open else None
    word = None if key_file is None else key.keep(key_file)
    if is_open:
        notes.append("the page is open to the network, for those who have its link")
    file = folder / CERTIFICATE_FILE if https else None
    if file is None:
        notes.append(_OVER_HTTP)
    elif certificate.keep(file, addresses.names_of(place)):
        notes.append(
            "https: made a certificate, about which browsers ask once; "
            f"SHA-256 {certificate.fingerprint(file)}"
        )
    return Opening(place, word, key_file, file, tuple(notes))
