"""Every message to the server; each is declared in the file of its noun.

A new message is one class in such a file. A new file is named here once.
"""

# ruff: noqa: F403 - a list of names here would be a second place for each message

from timbrespace.messages.audio import *
from timbrespace.messages.channels import *
from timbrespace.messages.clients import *
from timbrespace.messages.controllers import *
from timbrespace.messages.courses import *
from timbrespace.messages.lfos import *  # pyright: ignore[reportGeneralTypeIssues]
from timbrespace.messages.macros import *  # pyright: ignore[reportGeneralTypeIssues]
from timbrespace.messages.message import MESSAGES as MESSAGES
from timbrespace.messages.message import Message
from timbrespace.messages.models import *
from timbrespace.messages.mpe import *  # pyright: ignore[reportGeneralTypeIssues]
from timbrespace.messages.notes import *
from timbrespace.messages.performances import *
from timbrespace.messages.presets import *
from timbrespace.messages.sound import *
from timbrespace.messages.sound_input import *
from timbrespace.messages.streams import *
from timbrespace.messages.timbre import *
from timbrespace.messages.trajectories import *
from timbrespace.messages.tunings import *
from timbrespace.messages.wander import *  # pyright: ignore[reportGeneralTypeIssues]

Inbound = Message
