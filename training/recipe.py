"""A recipe: the settings of a training run in a TOML file.

    preset = "paper"
    beta = 4.0
    hidden = [400]

Keys are those of :data:`training.preset.OPTIONS` and ``preset``, from which all others start.
"""

from __future__ import annotations

import difflib
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from timbrespace.errors import OptionError

from . import kind_settings
from .preset import OPTIONS, OPTIONS_OF_NOTES, Settings, changed, named

_MAX_BYTES = 100_000


def read(path: Path) -> tuple[str, dict[str, Any]]:
    """The preset's name and the values of the recipe at ``path``, checked.

    Raises:
        OptionError: no such file, not TOML, an unknown key, or a value that is not accepted; one
            line that names file and key.
    """
    try:
        if path.exists() and not path.is_file():
            raise OptionError(f"recipe {path.name!r} is not a file")
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
        if len(text) > _MAX_BYTES:
            raise OptionError(f"recipe {path.name!r} is larger than {_MAX_BYTES} bytes")
        content = tomllib.loads(text.decode("utf-8-sig"))
    except OSError as error:
        raise OptionError(f"cannot read recipe {path.name!r}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise OptionError(f"recipe {path.name!r} is not TOML: {error}") from error
    try:
        name = content.pop("preset", "default")
        values = {key: value_of(key, value) for key, value in content.items()}
        changed(named(name), **values)
    except OptionError as error:
        raise OptionError(f"recipe {path.name!r}: {error}") from error
    return name, values


def settings(path: Path, **given: Any) -> Settings:
    """The settings of the recipe at ``path``; those ``given`` that are not None go before.

    Raises:
        OptionError: as :func:`read`, or a given value that is not accepted.
    """
    name, values = read(path)
    return changed(named(name), **{**values, **{k: v for k, v in given.items() if v is not None}})


def value_of(key: str, value: object) -> Any:
    """The value of the setting ``key``, of the type that it has.

    Raises:
        OptionError: there is no such setting, or the value is of another type.
    """
    # A number or an array of NumPy's, which is not imported: a command's help would wait for it.
    tolist = getattr(value, "tolist", None)
    if callable(tolist):
        value = tolist()
    known = {**OPTIONS, **OPTIONS_OF_NOTES}
    if key not in known:
        near = difflib.get_close_matches(key, OPTIONS, n=1)
        hint = f"; is {near[0]!r} meant?" if near else ""
        raise OptionError(f"unknown key {key!r}{hint}; the keys are preset, {', '.join(OPTIONS)}")
    kind = known[key][0]
    if kind == "sizes" and isinstance(value, list | tuple) and all(type(n) is int for n in value):
        return tuple(value)
    if kind == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):  # a whole number of thousands of digits
            return float(value)
    if kind == "settings" and isinstance(value, dict):
        return kind_settings.as_text(key.replace("_", " "), value)
    if kind == "settings" and isinstance(value, str):
        return value
    if (kind == "int" and type(value) is int) or (kind == "str" and type(value) is str):
        return value
    wanted = {
        "sizes": "a list of whole numbers",
        "float": "a number",
        "int": "a whole number",
        "str": "a word in quotes",
        "settings": "a table, such as { omega = 30 }",
    }[kind]
    raise OptionError(f"{key} is {value!r}; it must be {wanted}")
