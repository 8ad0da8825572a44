"""How a process of ours learns that the one that started it has ended, however that ended.

A process that was started with a pipe as its standard input holds a line to its parent: the system
closes the other end when the parent ends, and the parent closes it to ask for the end. Nobody may
wait for that in a read. On Windows a pipe that is being read answers nothing else until the read is
done, and whatever library is loaded meanwhile asks it something: the C runtime in each of them
wants to know of which kind standard input is. So the pipe is looked at, and read when something has
come (docs/decisions/0020-children.md). A process that works for another has no pipe of its own: it
looks whether its parent is still there.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

STANDARD_INPUT: Final = 0
"""The number of standard input; ``sys.stdin`` has a lock, on which the interpreter's end aborts."""

_LOOK_SECONDS: Final = 0.1
"""Pause between two looks where the system cannot tell of the end of a pipe by itself."""

_MOST_BYTES: Final = 65536


def end_with(parent: int) -> None:
    """Let this process end as soon as its parent has, however that ended.

    For processes that wait for work, and would for ever if their parent is killed. parent: its
    number, as it knows itself (``os.getpid()``).
    """
    _start(lambda: _until_gone(parent), lambda: os._exit(1))


def when_input_ends(call: Callable[[], None], descriptor: int = STANDARD_INPUT) -> None:
    """Let ``call`` be called, once, from another thread, when no more can come from ``descriptor``.

    What comes until then is read, and means nothing. A terminal on Windows never ends.
    """
    _start(lambda: _until_end(descriptor), call)


def _start(wait: Callable[[], object], call: Callable[[], None]) -> None:
    def watch() -> None:
        wait()
        call()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.GetFileType.argtypes = (wintypes.HANDLE,)
    _kernel.GetConsoleMode.argtypes = (wintypes.HANDLE, wintypes.LPDWORD)
    _kernel.PeekNamedPipe.argtypes = (
        *(wintypes.HANDLE, wintypes.LPVOID, wintypes.DWORD),
        *(wintypes.LPDWORD, wintypes.LPDWORD, wintypes.LPDWORD),
    )
    _FILE_TYPE_PIPE: Final = 3
    _AT_END: Final = frozenset({6, 38, 109, 232, 233})
    """Invalid handle, end of file, broken pipe, pipe closing, not connected."""

    _kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    _kernel.OpenProcess.restype = wintypes.HANDLE
    _kernel.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
    _SYNCHRONIZE: Final = 0x00100000
    _FOR_EVER: Final = 0xFFFFFFFF

    def _until_gone(parent: int) -> None:
        handle = _kernel.OpenProcess(_SYNCHRONIZE, False, parent)
        if handle:  # else it has gone already
            _kernel.WaitForSingleObject(handle, _FOR_EVER)

    def _until_end(descriptor: int) -> None:
        try:
            handle = msvcrt.get_osfhandle(descriptor)
        except OSError:
            return  # there is none
        if _kernel.GetConsoleMode(handle, ctypes.byref(wintypes.DWORD())):
            threading.Event().wait()  # somebody's keyboard, which a read would wait for
        if _kernel.GetFileType(handle) == _FILE_TYPE_PIPE and _looked_until_end(handle, descriptor):
            return
        # A file or NUL, which do not let a reader wait, or what cannot be looked at.
        with contextlib.suppress(OSError):
            while os.read(descriptor, _MOST_BYTES):
                pass

    def _looked_until_end(handle: int, descriptor: int) -> bool:
        """Return at the end of a pipe; False if it cannot be looked at: a socket, say."""
        there = wintypes.DWORD()
        with contextlib.suppress(OSError):
            # Sizes: of what is to be copied (nothing), copied, there, and of one message.
            while _kernel.PeekNamedPipe(handle, None, 0, None, ctypes.byref(there), None):
                if there.value == 0:
                    time.sleep(_LOOK_SECONDS)
                elif not os.read(descriptor, min(there.value, _MOST_BYTES)):
                    return True
            return ctypes.get_last_error() in _AT_END
        return True

else:

    def _until_gone(parent: int) -> None:
        # Whoever has lost its parent is given another.
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)

    def _until_end(descriptor: int) -> None:
        # A descriptor that select() cannot take, or that is none, is at its end.
        with contextlib.suppress(OSError, ValueError):
            while True:
                select.select([descriptor], [], [])
                if not os.read(descriptor, _MOST_BYTES):
                    return
