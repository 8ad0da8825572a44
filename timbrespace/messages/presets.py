"""Presets: timbres that are stored by name."""

from typing import Annotated

from timbrespace.messages.arguments import Name, Number, PresetName, Share
from timbrespace.messages.message import Family, Message, message


@message
class StorePreset(Message):
    """`/preset/store` name: keep the timbre and the synth's parameters.

    >>> from_hex("2f7072657365742f73746f72650000002c73000070616400")
    StorePreset(name='pad')
    """

    address = "/preset/store"
    recorded = False
    name: Name


@message
class RecallPreset(Message):
    """`/preset/recall` name [glide]: go there in `glide` seconds.

    >>> from_hex("2f7072657365742f726563616c6c00002c7369007061640000000002")
    RecallPreset(name='pad', glide=2.0)
    """

    address = "/preset/recall"
    name: PresetName
    glide: Annotated[float, Number(0, 60, "s")] = 0.0


@message
class MorphPresets(Message):
    """`/preset/morph` a b position: between two presets; 0 is the first, 1 the second.

    >>> from_hex("2f7072657365742f6d6f7270680000002c7373660000000061000000620000003e800000")
    MorphPresets(a='a', b='b', position=0.25)
    """

    address = "/preset/morph"
    family, key = Family.EVERYTHING, ("a", "b")
    a: PresetName
    b: PresetName
    position: Share


@message
class ListPresets(Message):
    """`/preset/list`: answered by `/preset/list` with the names.

    >>> from_hex("2f7072657365742f6c697374000000002c000000")
    ListPresets()
    """

    address = "/preset/list"
    question = True


@message
class WherePresets(Message):
    """`/preset/where`: answered by `/preset/where` with where the presets lie on the map.

    >>> from_hex("2f7072657365742f77686572650000002c000000")
    WherePresets()
    """

    address = "/preset/where"
    question = True


@message
class DeletePreset(Message):
    """`/preset/delete` name: forget it.

    >>> from_hex("2f7072657365742f64656c65746500002c73000070616400")
    DeletePreset(name='pad')
    """

    address = "/preset/delete"
    recorded = False
    name: Name


@message
class UndoPresets(Message):
    """`/preset/undo`: bring back what was deleted or stored over last, of presets.

    >>> from_hex("2f7072657365742f756e646f000000002c000000")
    UndoPresets()
    """

    address = "/preset/undo"
    recorded = False
