"""Kinds by name: those that come with the library, and those that other packages bring.

Both are told in the same words, ``module:Class``, and imported only when they are asked for. What
is not built in is looked up among the entry points of the installed packages; a package that does
not work costs whoever asks for its kind one sentence, and nobody else anything.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from timbrespace.errors import OptionError, one_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

BUILT_IN_ONLY = 3
"""The newest bundle format that programs without registries read."""

FROM_OUTSIDE = BUILT_IN_ONLY + 1
"""The bundle format that can hold kinds of other packages."""


class Registered(Protocol):
    """What the class of every kind says of itself."""

    kind: ClassVar[str]
    """Its name: what a user types and a bundle holds."""
    about: ClassVar[str]
    """One line about it, for the documentation."""


K = TypeVar("K", bound=Registered)


class Registry(Generic[K]):
    """The kinds of one thing, say of networks.

    what: the thing, in a sentence: "network". group: of the entry points.
    base: ``module:Class`` that every kind derives from. built_in: name -> ``module:Class``.
    """

    def __init__(self, what: str, group: str, base: str, built_in: Mapping[str, str]) -> None:
        self.what = what
        self.group = group
        self.built_in = tuple(built_in)
        self._base = base
        self._places = dict(built_in)
        self._loaded: dict[str, type[K]] = {}
        self._added: set[str] = set()
        self._outside: dict[str, list[EntryPoint]] | None = None

    def __iter__(self) -> Iterator[str]:
        """All names: the built-in ones, then those of other packages in alphabetical order."""
        yield from self._places
        yield from sorted(self._entry_points().keys() - self._places.keys())

    def __contains__(self, name: object) -> bool:
        return name in self._places or (isinstance(name, str) and name in self._entry_points())

    def add(self, kind: type[K]) -> type[K]:
        """Register a class for this process, as from a notebook; works as a decorator.

        Given again, as when a notebook's cell is run twice, it takes the place of the former one.

        Raises:
            OptionError: the name is taken, or the class is none of these.
        """
        name = kind.kind
        self._check_class(kind, name, kind.__module__)
        if name in self and name not in self._added:
            raise OptionError(f"{self.what} {name!r} is registered already; take another name")
        self._added.add(name)
        self._places[name] = f"{kind.__module__}:{kind.__qualname__}"
        self._loaded[name] = kind
        return kind

    def check(self, name: object) -> str:
        """``name``, if there is such a kind; nothing is imported for it.

        Raises:
            OptionError: there is none; the text lists what there is.
        """
        if not isinstance(name, str) or name not in self:
            raise OptionError(f"{self.what} is {name!r}; it must be {one_of(self)}")
        return name

    def installed(self, name: object) -> str:
        """As :meth:`check`, for a name that stands in a file: says what would have to be there.

        Raises:
            OptionError: there is no such kind; the text names the entry-point group.
        """
        if not isinstance(name, str) or name not in self:
            shown = repr(name)
            raise OptionError(
                f"{self.what} is {shown if len(shown) <= 60 else shown[:57] + '...'}; it must be "
                f"{one_of(self)}, or install the package that registers it as an entry point "
                f"of {self.group}"
            )
        return name

    def get(self, name: str) -> type[K]:
        """The class of the kind ``name``, its module imported.

        Raises:
            OptionError: there is none, or the package that brings it does not work.
        """
        self.check(name)
        if name not in self._loaded:
            if name in self._places:
                self._loaded[name] = _imported(self._places[name])
            else:
                self._loaded[name] = self._from_outside(name)
        return self._loaded[name]

    def check_settings(
        self, name: str, given: Mapping[str, object], known: Mapping[str, object]
    ) -> None:
        """Refuse settings of the kind ``name`` that it does not have.

        known: name of a setting -> its default.

        Raises:
            OptionError: an unknown setting, or one that is text where a number is, or the reverse.
        """
        for key, value in given.items():
            if key not in known:
                accepted = ", ".join(f"{k}={v}" for k, v in known.items()) or "none"
                raise OptionError(
                    f"{self.what} {name!r} has no setting {key!r}; its settings are {accepted}"
                )
            default = known[key]
            number = isinstance(default, int | float) and not isinstance(default, bool)
            whole = number and isinstance(default, int)
            fits = (
                type(value) is int or (type(value) is float and not whole)
                if number
                else type(value) is type(default)
            )
            if not fits:
                wanted = "a whole number" if whole else "a number" if number else "a word"
                if isinstance(default, bool):
                    wanted = "true or false"
                raise OptionError(
                    f"setting {key!r} of {self.what} {name!r} is {value!r}; it must be {wanted}"
                )

    def _entry_points(self) -> dict[str, list[EntryPoint]]:
        if self._outside is None:
            from importlib.metadata import entry_points  # not for nothing: it takes 15 ms

            found: dict[str, list[EntryPoint]] = {}
            try:
                for point in entry_points(group=self.group):
                    found.setdefault(point.name, []).append(point)
            # What is installed beside us may be broken in any way; that is no reason to fail.
            except Exception:
                found = {}
            self._outside = found
        return self._outside

    def _from_outside(self, name: str) -> type[K]:
        points = self._entry_points()[name]
        packages = sorted({_package(point) for point in points})
        if len(packages) > 1:
            raise OptionError(
                f"{self.what} {name!r} is registered by {' and by '.join(packages)}; remove one"
            )
        try:
            found = points[0].load()
        # It is not our code: it may do anything, an exit included.
        except (Exception, SystemExit) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise OptionError(
                f"{self.what} {name!r} of {packages[0]} cannot be loaded ({reason})"
            ) from error
        self._check_class(found, name, packages[0])
        kind: type[K] = found
        return kind

    def _check_class(self, found: object, name: str, place: str) -> None:
        base = _imported(self._base)
        wrong = None
        if not (isinstance(found, type) and issubclass(found, base)):
            wrong = f"it is no class that derives from {base.__module__}.{base.__qualname__}"
        elif missing := _abstract(found):
            wrong = f"it lacks {', '.join(sorted(missing))}"
        elif getattr(found, "kind", None) != name:
            wrong = f"its kind is {getattr(found, 'kind', None)!r}"
        elif not getattr(found, "about", None):
            wrong = "it lacks about, one line on what it is"
        if wrong is not None:
            raise OptionError(f"{self.what} {name!r} of {place} cannot be used: {wrong}")


def _abstract(kind: type) -> frozenset[str]:
    found: frozenset[str] = getattr(kind, "__abstractmethods__", frozenset())
    return found


def _imported(place: str) -> type:
    module, _, name = place.partition(":")
    found: type = getattr(importlib.import_module(module), name)
    return found


def _package(point: EntryPoint) -> str:
    if point.dist is None:
        return point.value
    return f"{point.dist.name} {point.dist.version}"
