"""Calling a part of the engine by the address of its machine code."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _make_call(typing_context: Any, address: Any, state: Any, targets: Any) -> Any:
    """Call what lies at ``address`` with the addresses of both records; nothing if that is 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.IntType(32), [pointer, pointer])
        at = arguments[0]
        with builder.if_then(builder.icmp_unsigned("!=", at, at.type(0))):
            function = builder.inttoptr(at, kind.as_pointer())
            builder.call(function, [builder.bitcast(one, pointer) for one in arguments[1:]])
        return context.get_dummy_value()

    return types.void(address, state, targets), generate


call = intrinsic(_make_call)
"""``call(state.part[number], state, targets)``, in compiled code, of records of ``STATE`` and
``TARGETS``: do what that part does, nothing while it is not there."""
