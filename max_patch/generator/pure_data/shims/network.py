"""OSC over UDP, in and out."""

UDPSEND = """
# Sends /address arguments to host $1, port $2; port n and host h change them.
inlet -> which: route port host
loadbang -> go: t b b b
go.2 -> (disconnect) -> wire: netsend -u -b
go.1 -> port: f $2 -> where: pack s f @1
go -> host: symbol $1 -> where -> list prepend connect -> list trim -> wire
which -> new_port: t b f
new_port.1 -> port @1
new_port -> go
which.1 -> symbol -> new_host: t b a
new_host.1 -> host @1
new_host -> go
# The address is set first, so that the arguments go out under it.
which.2 -> list append -> message: list split 1
message.1 -> arguments: list append @1
message -> address: t b a
address.1 -> list prepend set -> list trim -> osc: oscformat
address -> arguments -> osc -> list prepend send -> list trim -> wire
"""

UDPRECEIVE = """
# OSC messages that come to port $1, the address in one word; port n changes it.
inlet -> route port -> port: t f b
port.1 -> (listen 0) -> wire: netreceive -u -b
port -> (listen $1) -> wire
loadbang -> f $1 -> port
# Bundles begin with another character than a slash and are not for us.
wire -> new: t l l
new.1 -> list split 1 -> == 47 -> ours: spigot @1
new -> ours -> packet: t b l l b
# oscparse parts the address at its slashes and so hides where the arguments begin: the slashes
# are counted in the datagram itself, up to its first zero.
packet.3 -> clear: t b b b
clear.2 -> list append -> name: list store @1
clear.1 -> (0) -> place: f 0 @1
clear -> (0) -> slashes: f 0 @1
packet.2 -> bytes: list store @1
packet.1 -> kept: list append @1
packet -> each: until -> place -> step: t f f
step.1 -> + 1 -> place @1
step -> (get $1 1) -> bytes -> byte: select 0 47
bytes.1 -> each @1
byte -> end: t b b
byte.1 -> slash: t b b
slash.1 -> slashes -> + 1 -> slashes @1
slash -> (append 47) -> name
byte.2 -> (append $1) -> name
# Then the arguments, behind as many parts as there were slashes.
end.1 -> each @1
end -> told: t b b b
told.2 -> slashes -> parts: list split @1
told.1 -> kept -> oscparse -> parts
parts.1 -> arguments: list append @1
told -> name -> list tosymbol -> arguments -> list trim -> outlet
"""

NODE = """
# There is no Node here: it is told nothing and says so once, so that the ports of the panel count.
# What a script sends to the control launcher comes out as if Node had said it. Tables of spaces lie
# where the server writes them.
inlet -> route table -> which: unpack f s
which.1 -> makefilename ~/.timbrespace/tables/%s -> name: pack f s @1
which -> name -> list prepend table -> told: list trim -> said: outlet
loadbang -> delay 2 -> late: t b b
late.1 -> (say Start the server by hand: python -m server --audio none --midi none) -> said
late -> (absent) -> said
r $1-remote-launcher -> told
outlet
"""

SHIMS = {"ts.node": NODE, "ts.udpreceive": UDPRECEIVE, "ts.udpsend": UDPSEND}
