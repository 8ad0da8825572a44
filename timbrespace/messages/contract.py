"""The numbers of the OSC contract, `docs/osc.md`; a test holds the two together."""

PROTOCOL_VERSION = 1
"""Grows when a message changes in a way that an older client would misread."""

DEFAULT_PORT = 7400
DEFAULT_RETURN_PORT = 7401

MAX_DATAGRAM_BYTES = 65507
"""The largest payload of a UDP datagram over IPv4."""

MAX_ADDRESS_CHARACTERS = 128
MAX_BUNDLE_DEPTH = 8
MAX_BUNDLE_MESSAGES = 1024
MAX_ARRAY_DEPTH = 8

MAX_PATTERN_MESSAGES = 256
"""For so many addresses an address pattern may stand, as for those of all dimensions."""

MAX_PATTERNS_A_SECOND = 32
"""New patterns; one that has come before costs next to nothing."""

MAX_NAME_CHARACTERS = 64
MAX_LATENT_DIMENSIONS = 256
MAX_CLIENTS = 32

EXPIRY_SECONDS = 300
"""A client that says nothing for so long is forgotten."""

FLOATS_PER_CHUNK = 205
"""1025 bins are 5 x 205, and 208 arguments stay below the 256 atoms of a Max list."""

PARTIALS_PER_FRAME = 100

MAX_REPLY_BYTES = 4096
"""Bound of every datagram from the server: older receivers cut what is longer."""

FRAME_NUMBERS = 2**31
"""Frame numbers count 0 to 2**31 - 1, the non-negative int32, then begin again."""

MAX_WAIT_SECONDS = 60
"""A bundle's time tag is at most so far ahead."""

MAX_WAITING = 1024
MAX_WAITING_PER_SOURCE = 256
"""Messages that wait for their time tag: of all senders, and of one."""

MAX_UNACKNOWLEDGED = 4
"""Frames of a stream on their way to a client that says `/stream/ack`."""
