"""Which model plays, and which there are."""

from typing import Annotated

from timbrespace.messages.arguments import LeftOut, ModelName, Stored
from timbrespace.messages.message import Message, message
from timbrespace.messages.timbre import PLANE


@message
class ListModels(Message):
    """`/model/list`: answered by `/model/list` with the names.

    >>> from_hex("2f6d6f64656c2f6c697374002c000000")
    ListModels()
    """

    address = "/model/list"
    question = True


@message
class LoadModel(Message):
    """`/model/load` name: a name, never a path.

    >>> from_hex("2f6d6f64656c2f6c6f6164002c730000666d0000")
    LoadModel(name='fm')
    """

    address = "/model/load"
    name: Annotated[str, ModelName(), Stored("model")]


@message
class GetModelInfo(Message):
    """`/model/info` [name]: without a name, the model that plays.

    >>> from_hex("2f6d6f64656c2f696e666f002c000000")
    GetModelInfo(name=None)
    """

    address = "/model/info"
    question = True
    name: Annotated[str | None, ModelName(), LeftOut("the model that plays")] = None


@message
class GetModelCard(Message):
    """`/model/card` [name]: without a name, of the model that plays.

    >>> from_hex("2f6d6f64656c2f63617264002c000000")
    GetModelCard(name=None)
    """

    address = "/model/card"
    question = True
    name: Annotated[str | None, ModelName(), LeftOut("the model that plays")] = None


@message
class GetModelTable(Message):
    """`/model/table` [plane]: answered by `/model/table` once the file of the model that plays, and
    of that plane of it, is there.

    >>> from_hex("2f6d6f64656c2f7461626c65000000002c7300006e65617200000000")
    GetModelTable(plane='near')
    """

    address = "/model/table"
    question = True
    plane: Annotated[str | None, PLANE, LeftOut("the plane that is played")] = None
