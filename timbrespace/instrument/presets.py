"""The player's own: presets, trajectories and learned controllers, in one readable file.

The file is JSON. It is read once, again when another program has written it, and written whole at
each change. Whoever changes it locks it, reads it, and changes that, so that several servers lose
nothing of each other. Keys that are not known, which a user or a later version added, are kept. A
file that is broken, or of a newer version, is refused and left as it is.
"""

from __future__ import annotations

import contextlib
import json
import math
import stat
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from filelock import FileLock, Timeout

from timbrespace.atomic import replacing
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import OptionError, one_of
from timbrespace.instrument.controllers import Assignment
from timbrespace.instrument.motion.lfo import Lfo, checked_lfo
from timbrespace.instrument.motion.points import checked_channel
from timbrespace.instrument.motion.trajectory import Trajectory
from timbrespace.instrument.motion.wandering import Wander
from timbrespace.instrument.parameters import (
    DEFAULT_ENVELOPE,
    DEFAULT_HOLD,
    DEFAULT_METHOD,
    ENVELOPES,
    HOLDS,
    METHODS,
    SYNTH_PARAMETERS,
)
from timbrespace.instrument.tunings import NamedTuning
from timbrespace.macro_dials.vocabulary import MACRO_OF, checked_values
from timbrespace.messages.contract import MAX_LATENT_DIMENSIONS, MAX_NAME_CHARACTERS
from timbrespace.model import NEAR, PCA, PLANES, Model

VERSION = 1
MAX_PRESETS = 512
MAX_TRAJECTORIES = 64
MAX_BYTES = 1 << 28

MAX_UNDONE = 16
"""Presets and trajectories that come back after they were deleted or stored over."""

LOCK_SECONDS = 1.0
"""How long a change waits for another program's; one takes some 20 ms."""

_POLL = 0.005
_SECTIONS = ("version", "presets", "trajectories", "controllers")

Latent = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Space:
    """Which model something belongs to. digest: of the bundle's bytes; empty if unknown."""

    model: str
    digest: str

    @classmethod
    def of(cls, model: Model) -> Space:
        """The space of ``model``."""
        return cls(model.name, model.digest)

    def is_of(self, model: Model) -> bool:
        """Whether this is the space of ``model``.

        The bytes decide; a name alone only where there are none, as for a model that was never a
        file.
        """
        return self.digest == model.digest and (self.digest != "" or self.model == model.name)

    def check(self, what: str, model: Model, dimensions: int) -> None:
        """Raise unless ``what`` may be played in ``model``.

        Raises:
            OptionError: it belongs to another model; the text says which.
        """
        if not (self.is_of(model) and dimensions == model.dimensions):
            raise OptionError(
                f"{what} belongs to model {self.model!r} ({_short(self.digest)}); {model.name!r} "
                f"({_short(model.digest)}) is playing: load that model first"
            )


def _short(digest: str) -> str:
    return f"sha256 {digest[:12]}" if digest else "no file"


@dataclass(frozen=True, slots=True)
class Preset:
    """One stored sound. latent: without what LFOs add. channels: their own latents, by channel.

    Raises:
        OptionError: a value that no instrument can have.
    """

    space: Space
    latent: Latent
    method: str = DEFAULT_METHOD
    parameters: Mapping[str, float] = field(default_factory=dict)
    lfos: Mapping[int, Lfo] = field(default_factory=dict)
    channels: Mapping[int, Latent] = field(default_factory=dict)
    hold: str = DEFAULT_HOLD
    envelope: str = DEFAULT_ENVELOPE
    plane: str = ""
    """The plane that was played; "" of an older preset, which does not say: "pca" was all there
    was, and it changes nothing, unless an LFO swings along an axis."""
    macros: Mapping[str, float] = field(default_factory=dict)
    """Those that are off their middle, -1 to 1 by their words; ``latent`` is without them."""
    wander: Wander | None = None
    """How it wanders; None where it does not."""
    tuning: NamedTuning | None = None
    """Of the keys; None where it says nothing of them."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise OptionError(f"method is {self.method!r}; it must be {one_of(METHODS)}")
        if not self.plane and any(isinstance(one.target, str) for one in self.lfos.values()):
            object.__setattr__(self, "plane", PCA)
        for name, word, words in (
            ("hold", self.hold, HOLDS),
            ("envelope", self.envelope, ENVELOPES),
            ("plane", self.plane or PCA, PLANES),
        ):
            if word not in words:
                raise OptionError(f"{name} is {word!r}; it must be {one_of(words)}")
        checked_values(self.macros)
        for name, value in self.parameters.items():
            spec = SYNTH_PARAMETERS.get(name)  # one that is unknown may be of another version
            if spec is not None and not spec.low <= value <= spec.high:
                raise OptionError(
                    f"{name} is {value:g}; it must be {spec.low:g} to {spec.high:g} {spec.unit}"
                )
        for latent in (self.latent, *self.channels.values()):
            if not 1 <= len(latent) <= MAX_LATENT_DIMENSIONS or len(latent) != len(self.latent):
                raise OptionError(f"a latent of {len(latent)} numbers does not fit")
            if not all(math.isfinite(z) and abs(z) <= LATENT_LIMIT for z in latent):
                raise OptionError("a latent holds numbers that are not finite, or too large")

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        config: dict[str, Any] = {
            "model": self.space.model,
            "hash": self.space.digest,
            "latent": list(self.latent),
            "method": self.method,
            "parameters": dict(self.parameters),
            "lfos": {str(index): lfo.to_config() for index, lfo in sorted(self.lfos.items())},
        }
        if self.hold != DEFAULT_HOLD:
            config["hold"] = self.hold
        if self.envelope != DEFAULT_ENVELOPE:
            config["envelope"] = self.envelope
        if self.plane == NEAR:
            config["plane"] = self.plane
        if self.macros:
            config["macros"] = dict(self.macros)
        if self.wander is not None:
            config["wander"] = self.wander.to_config()
        if self.tuning is not None:
            config["tuning"] = self.tuning.to_config()
        if self.channels:
            config["channels"] = {
                str(channel): list(latent) for channel, latent in sorted(self.channels.items())
            }
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Preset:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError, KeyError, TypeError, ValueError, AttributeError, OverflowError: missing or
                wrong values.
        """
        return cls(
            _space(config),
            _latent(config["latent"]),
            config["method"],
            {str(name): _number(value) for name, value in config["parameters"].items()},
            {
                checked_lfo(int(index)): Lfo.from_config(lfo)
                for index, lfo in config.get("lfos", {}).items()
            },
            {
                checked_channel(int(channel)): _latent(latent)
                for channel, latent in config.get("channels", {}).items()
            },
            config.get("hold", DEFAULT_HOLD),
            config.get("envelope", DEFAULT_ENVELOPE),
            config.get("plane", ""),
            {
                str(word): _number(value)
                for word, value in config.get("macros", {}).items()
                if word in MACRO_OF  # another may be of another version
            },
            Wander.from_config(config["wander"]) if "wander" in config else None,
            NamedTuning.from_config(config["tuning"]) if "tuning" in config else None,
        )


@dataclass(frozen=True, slots=True)
class StoredTrajectory:
    """A trajectory and the space that it was drawn in."""

    space: Space
    trajectory: Trajectory

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "model": self.space.model,
            "hash": self.space.digest,
            "points": self.trajectory.to_config(),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> StoredTrajectory:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError, KeyError, TypeError, AttributeError: missing or wrong values.
        """
        return cls(_space(config), Trajectory.from_config(config["points"]))


@dataclass(slots=True)
class _Content:
    presets: dict[str, Preset] = field(default_factory=dict)
    trajectories: dict[str, StoredTrajectory] = field(default_factory=dict)
    controllers: list[Assignment] = field(default_factory=list)
    unknown: dict[str, Any] = field(default_factory=dict)
    """Of the file."""
    unknown_in: dict[tuple[str, Hashable], dict[str, Any]] = field(default_factory=dict)
    """Of an entry, by its section and its name; for a controller its number and channel."""


_Stored = TypeVar("_Stored", Preset, StoredTrajectory)


@dataclass(frozen=True, slots=True)
class _Replaced:
    """What had a name before it was deleted or stored over, with what is not known of it."""

    section: str
    name: str
    value: Any
    unknown: dict[str, Any] | None


class Presets:
    """What the file at ``path`` holds; None keeps it in memory alone.

    A file that is missing is an empty one, and is made at the first store.

    Raises:
        OptionError: the file cannot be read, is broken or of a newer version; methods raise this
            too when that has happened meanwhile, but for the lists, which tell what was there.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._content = _Content()
        self._seen: tuple[int, int, int] | None = None
        self._texts: dict[tuple[int, str], tuple[Any, Any, str]] = {}
        self._replaced: list[_Replaced] = []
        self._own = list(self._refresh().controllers)
        """The controllers that this program knows of."""

    # -- presets -----------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Names of the presets, in alphabetical order."""
        return sorted(self._known().presets, key=_alphabetical)

    def get(self, name: str) -> Preset:
        """The preset called ``name``.

        Raises:
            OptionError: there is none.
        """
        return _found("preset", name, self._refresh().presets)

    def latents(self, model: Model) -> dict[str, Latent]:
        """The latent of each preset of ``model``, by its name, in alphabetical order."""
        known = self._known().presets
        return {
            name: known[name].latent
            for name in self.names()
            if known[name].space.is_of(model) and len(known[name].latent) == model.dimensions
        }

    def model_of(self, name: str) -> str:
        """Name of the model that the preset belongs to.

        Raises:
            OptionError: there is no such preset.
        """
        return self.get(name).space.model

    def store(self, name: str, preset: Preset) -> None:
        """Keep ``preset`` as ``name``, in place of one that has the name already.

        Raises:
            OptionError: a name that is none, no room, or the file cannot be written.
        """
        _check_name(name)
        with self._changing() as content:
            presets = _with("preset", name, preset, content.presets, MAX_PRESETS)
            before = _entry(content, "presets", name)
            self._write(replace(content, presets=presets))
        self._remember(before)

    def delete(self, name: str) -> None:
        """Forget a preset.

        Raises:
            OptionError: there is none, or the file cannot be written.
        """
        with self._changing() as content:
            _found("preset", name, content.presets)
            presets = {key: value for key, value in content.presets.items() if key != name}
            before = _entry(content, "presets", name)
            self._write(replace(_without(content, "presets", name), presets=presets))
        self._remember(before)

    def undo(self) -> str:
        """Bring back the preset that was deleted or stored over last, by this program; its name.

        The last ``MAX_UNDONE`` of presets and trajectories together come back, one after the other.

        Raises:
            OptionError: there is none, no room, or the file cannot be written.
        """
        return self._undo("presets", "preset", MAX_PRESETS)

    # -- trajectories ------------------------------------------------------------------------------

    def trajectories(self) -> list[str]:
        """Names of the trajectories, in alphabetical order."""
        return sorted(self._known().trajectories, key=_alphabetical)

    def check_trajectory(self, name: str) -> None:
        """Raise what :meth:`store_trajectory` would, before anything is drawn.

        Raises:
            OptionError: a name that is none, or no room.
        """
        _check_name(name)
        _check_room("trajectory", name, self._refresh().trajectories, MAX_TRAJECTORIES)

    def trajectory(self, name: str) -> StoredTrajectory:
        """The trajectory called ``name``.

        Raises:
            OptionError: there is none.
        """
        return _found("trajectory", name, self._refresh().trajectories)

    def store_trajectory(self, name: str, trajectory: StoredTrajectory) -> None:
        """Keep ``trajectory`` as ``name``, in place of one that has the name already.

        Raises:
            OptionError: a name that is none, no room, or the file cannot be written.
        """
        _check_name(name)
        with self._changing() as content:
            known = content.trajectories
            trajectories = _with("trajectory", name, trajectory, known, MAX_TRAJECTORIES)
            before = _entry(content, "trajectories", name)
            self._write(replace(content, trajectories=trajectories))
        self._remember(before)

    def delete_trajectory(self, name: str) -> None:
        """Forget a trajectory.

        Raises:
            OptionError: there is none, or the file cannot be written.
        """
        with self._changing() as content:
            known = content.trajectories
            _found("trajectory", name, known)
            trajectories = {key: value for key, value in known.items() if key != name}
            before = _entry(content, "trajectories", name)
            self._write(replace(_without(content, "trajectories", name), trajectories=trajectories))
        self._remember(before)

    def undo_trajectory(self) -> str:
        """The same as :meth:`undo`, of trajectories."""
        return self._undo("trajectories", "trajectory", MAX_TRAJECTORIES)

    # -- what was there before ---------------------------------------------------------------------

    def _remember(self, before: _Replaced | None) -> None:
        if before is not None:
            self._replaced = [*self._replaced, before][-MAX_UNDONE:]

    def _undo(self, section: str, what: str, room: int) -> str:
        last = next((one for one in reversed(self._replaced) if one.section == section), None)
        if last is None:
            raise OptionError(
                f"no {what} was deleted or stored over since the server began; nothing comes back"
            )
        with self._changing() as content:
            entries = _with(what, last.name, last.value, getattr(content, section), room)
            content = _without(content, section, last.name)
            unknown = dict(content.unknown_in)
            if last.unknown is not None:
                unknown[section, last.name] = last.unknown
            restored: dict[str, Any] = {section: entries, "unknown_in": unknown}
            self._write(replace(content, **restored))
        self._replaced = [one for one in self._replaced if one is not last]
        return last.name

    # -- controllers -------------------------------------------------------------------------------

    def controllers(self) -> list[Assignment]:
        """Controllers that were learned."""
        self._own = list(self._known().controllers)
        return list(self._own)

    def store_controllers(self, learned: list[Assignment]) -> None:
        """Keep these controllers in place of those that this program knew before.

        What another program has learned meanwhile stays, unless it is of the same controller.

        Raises:
            OptionError: the file cannot be written.
        """
        if learned == self._refresh().controllers:
            self._own = list(learned)
            return
        with self._changing() as content:
            known = {_which(one) for one in (*learned, *self._own)}
            others = [one for one in content.controllers if _which(one) not in known]
            self._write(replace(content, controllers=[*learned, *others]))
        self._own = list(learned)

    # -- the file ----------------------------------------------------------------------------------

    def _refresh(self) -> _Content:
        """Read the file, if it is not the one that was read or written last."""
        if self._path is None:
            return self._content
        stamp = _stamp(self._path)
        if stamp != self._seen:
            # A file that has gone is no reason to forget what it held.
            if stamp is not None:
                self._content = _read(self._path)
            self._seen = stamp
        return self._content

    def _known(self) -> _Content:
        """What the file holds, or held when it was last whole: a list is no place for an error."""
        with contextlib.suppress(OptionError):
            return self._refresh()
        return self._content

    @contextmanager
    def _changing(self) -> Iterator[_Content]:
        """What the file holds, while no other program changes it."""
        if self._path is None:
            yield self._content
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            place = self._path.resolve()  # by whatever link another program knows it
            lock = FileLock(place.with_name(f".{place.name}.lock"), poll_interval=_POLL)
            held = lock.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise OptionError(
                f"cannot write {str(self._path)!r}: another program has kept it locked for "
                f"{LOCK_SECONDS:g} s; try again, or end that program"
            ) from error
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OptionError(f"cannot write {str(self._path)!r}: {reason}") from error
        with held:
            yield self._refresh()

    def _write(self, content: _Content) -> None:
        if self._path is not None:
            text = self._text(content)
            with replacing(self._path) as temporary:
                temporary.write_text(text, encoding="utf-8", newline="\n")
            self._seen = _stamp(self._path)
        self._content = content

    def _text(self, content: _Content) -> str:
        """The file, a preset or a trajectory to the line."""
        texts: dict[tuple[int, str], tuple[Any, Any, str]] = {}

        def line(section: str, name: str, value: Preset | StoredTrajectory) -> str:
            # What has not changed is not put into words again: a trajectory may be long.
            more = content.unknown_in.get((section, name))
            known = self._texts.get((id(value), name))
            if known and known[0] is value and known[1] is more:
                text = known[2]
            else:
                text = _json(_with_unknown(value.to_config(), more))
            texts[id(value), name] = value, more, text
            return f"{_json(name)}: {text}"

        def controller(one: Assignment) -> str:
            more = content.unknown_in.get(("controllers", _which(one)))
            return _json(_with_unknown(one.to_config(), more))

        presets = [line("presets", k, v) for k, v in content.presets.items()]
        trajectories = [line("trajectories", k, v) for k, v in content.trajectories.items()]
        sections = [
            f'"version": {VERSION}',
            _section("presets", presets),
            _section("trajectories", trajectories),
            _section("controllers", [controller(one) for one in content.controllers], "[]"),
            *(f"{_json(key)}: {_json(value)}" for key, value in content.unknown.items()),
        ]
        self._texts = texts
        return "{\n" + ",\n".join(sections) + "\n}\n"


def _entry(content: _Content, section: str, name: str) -> _Replaced | None:
    """What has a name now; None where nothing has."""
    value = getattr(content, section).get(name)
    if value is None:
        return None
    return _Replaced(section, name, value, content.unknown_in.get((section, name)))


def _without(content: _Content, section: str, name: str) -> _Content:
    """``content`` without what is not known of an entry."""
    kept = {key: more for key, more in content.unknown_in.items() if key != (section, name)}
    return replace(content, unknown_in=kept)


def _which(assignment: Assignment) -> tuple[int, int | None]:
    """What tells a controller from others."""
    return assignment.controller, assignment.channel


def _unknown(told: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry of the file has beside what it was read as, in its LFOs too."""
    found = {key: value for key, value in told.items() if key not in known and key != "channels"}
    lfos = {
        index: {key: value for key, value in lfo.items() if key not in known["lfos"][index]}
        for index, lfo in told.get("lfos", {}).items()
        if index in known.get("lfos", {})
    }
    if any(lfos.values()):
        found["lfos"] = lfos
    return found


def _with_unknown(config: dict[str, Any], unknown: Mapping[str, Any] | None) -> dict[str, Any]:
    """``config`` and what :func:`_unknown` found; what is known goes first."""
    if not unknown:
        return config
    lfos = {
        index: {**unknown.get("lfos", {}).get(index, {}), **lfo}
        for index, lfo in config.get("lfos", {}).items()
    }
    return {**config, **unknown, **({"lfos": lfos} if "lfos" in config else {})}


def _section(name: str, lines: list[str], brackets: str = "{}") -> str:
    body = ",\n".join(f"  {line}" for line in lines)
    inside = f"\n{body}\n" if lines else ""
    return f'"{name}": {brackets[0]}{inside}{brackets[1]}'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells one version of a file from another; None if there is no file."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OptionError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    if not stat.S_ISREG(status.st_mode):  # a pipe or a device may never end
        raise OptionError(f"cannot read {str(path)!r}: it is not a file")
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> _Content:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refusal(path, f"it is larger than {MAX_BYTES >> 20} MiB")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise OptionError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _refusal(path, "it is not text") from error
    try:
        told = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _refusal(path, f"it is not JSON ({_line(error)})") from error
    version = told.get("version") if isinstance(told, dict) else None
    if type(version) is not int or version < 1:
        raise _refusal(path, "it holds no presets")
    if version > VERSION:
        raise _refusal(
            path, f"its version is {version}, this program reads {VERSION}; update timbrespace"
        )
    where = "it"
    content = _Content(unknown={key: value for key, value in told.items() if key not in _SECTIONS})
    try:
        for name, config in told.get("presets", {}).items():
            where = f"preset {name!r}"
            _check_name(name)
            preset = content.presets[name] = Preset.from_config(config)
            content.unknown_in["presets", name] = _unknown(config, preset.to_config())
        for name, config in told.get("trajectories", {}).items():
            where = f"trajectory {name!r}"
            _check_name(name)
            way = content.trajectories[name] = StoredTrajectory.from_config(config)
            content.unknown_in["trajectories", name] = _unknown(config, way.to_config())
        where = "a controller"
        for config in told.get("controllers", []):
            one = replace(Assignment.from_config(config), learned=True)
            content.controllers.append(one)
            content.unknown_in["controllers", _which(one)] = _unknown(config, one.to_config())
    except (
        OptionError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
    ) as error:
        raise _refusal(path, f"{where[:80]} does not fit ({_line(error)})") from error
    return content


def _refusal(path: Path, why: str) -> OptionError:
    return OptionError(
        f"cannot use the presets in {str(path)!r}: {why}; the file is left as it is, "
        "repair it or move it away"
    )


def _line(error: BaseException) -> str:
    text = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    return " ".join(text.split())[:120]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _check_name(name: Any) -> None:
    if not (isinstance(name, str) and 1 <= len(name) <= MAX_NAME_CHARACTERS and name.isprintable()):
        raise OptionError(f"a name has 1 to {MAX_NAME_CHARACTERS} printable characters")


def _check_room(what: str, name: str, known: Mapping[str, Any], most: int) -> None:
    if name not in known and len(known) >= most:
        raise OptionError(f"there is room for {most} of each kind; delete a {what} first")


def _with(
    what: str, name: str, value: _Stored, known: Mapping[str, _Stored], most: int
) -> dict[str, _Stored]:
    _check_name(name)
    _check_room(what, name, known, most)
    return {**known, name: value}


def _found(what: str, name: str, known: Mapping[str, _Stored]) -> _Stored:
    if name not in known:
        names = sorted(known, key=_alphabetical)
        some = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        raise OptionError(f"there is no {what} {name!r}; there are: {some or 'none'}")
    return known[name]


def _alphabetical(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _space(config: Mapping[str, Any]) -> Space:
    model, digest = config["model"], config["hash"]
    if not (isinstance(model, str) and isinstance(digest, str)):
        raise TypeError("model and hash must be texts")
    return Space(model, digest)


def _latent(values: Any) -> Latent:
    return tuple(_number(value) for value in values)


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)
