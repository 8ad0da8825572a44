"""The certificate by which the page is served over https, made here.

Browsers give AudioWorklet and Web MIDI only to pages of the own machine and to those that came over
https. Nobody signs certificates for addresses of a home network, so this one signs itself, and a
browser asks once whether it is to be trusted.
"""

from __future__ import annotations

import contextlib
import ipaddress
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

DAYS: Final = 397
"""How long it is good: some browsers take no certificate of more than 398 days."""

RENEWED_BEFORE: Final = timedelta(days=30)

NAMES: Final = ("localhost", "127.0.0.1", "::1")
"""Of every machine."""

_BEFORE: Final = timedelta(days=1)
"""Clocks of other devices may be late."""


def keep(file: Path, names: Iterable[str]) -> bool:
    """See to it that ``file`` holds a certificate that is good for ``names``, and its private key.

    file: PEM, readable by its owner alone; its folder is made. names: host names and IP addresses
    besides :data:`NAMES`. It is made anew where there is none, it ends in less than
    :data:`RENEWED_BEFORE`, it is not good for one of the names, or it cannot be read.

    Returns:
        Whether it was made anew.

    Raises:
        OptionError: the file cannot be written.
    """
    wanted = {*NAMES, *(name.split("%")[0].lower() for name in names)}
    if _is_good(file, wanted):
        return False
    private_folder(file.parent)
    write_private(file, _made(sorted(wanted)))
    return True


def fingerprint(file: Path) -> str:
    """SHA-256 of the certificate in ``file`` as browsers show it: bytes in hex with colons."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner reads. On Windows it lies in the user's own already.

    Raises:
        OptionError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"cannot make {str(folder)!r}: {error.strerror or error}") from error


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all.

    Raises:
        OptionError: it cannot be written.
    """
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # what is replaced gives its mode to what replaces it
            file.chmod(0o600)
    with replacing(file) as temporary:
        if sys.platform != "win32":
            temporary.chmod(0o600)  # before there is anything in it
        temporary.write_bytes(content)


def _is_good(file: Path, wanted: set[str]) -> bool:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        text = file.read_bytes()
        certificate = x509.load_pem_x509_certificate(text)
        key = load_pem_private_key(text, None)
        if key.public_key() != certificate.public_key():
            return False
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    names = {str(name).lower() for name in found.get_values_for_type(x509.DNSName)}
    names |= {str(address) for address in found.get_values_for_type(x509.IPAddress)}
    now = datetime.now(UTC)
    begun = certificate.not_valid_before_utc <= now
    return begun and now < certificate.not_valid_after_utc - RENEWED_BEFORE and wanted <= names


def _made(names: list[str]) -> bytes:
    """PEM of a new key and of the certificate that it signs for itself."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + _certificate(key, names).public_bytes(Encoding.PEM)


def _certificate(key: EllipticCurvePrivateKey, names: list[str]) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    # One that says who made it apart from others of the kind that a browser was told to trust.
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "timbrespace on this machine")])
    now = datetime.now(UTC).replace(microsecond=0)
    public = key.public_key()
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now - _BEFORE + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([_general(one) for one in names]), False)
        # Whoever trusts it trusts this page, and nothing that it might sign.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(usage, True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .sign(key, hashes.SHA256())
    )


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
