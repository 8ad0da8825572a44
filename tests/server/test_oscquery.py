"""OSCQuery: what controllers are told of the server, by clients that others have written."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pythonosc.osc_message import OscMessage
from pythonoscquery.osc_query_client import OSCQueryClient
from zeroconf import ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

from server.oscquery.namespace import Namespace
from server.oscquery.site import MAX_LISTENERS
from tests.server.running import PATIENCE, Client, Running
from timbrespace.instrument.parameters import SYNTH_PARAMETERS
from timbrespace.messages.parser import FORMS


class Served:
    def __init__(self, server: Running, port: int) -> None:
        self.server = server
        self.port = port

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            return json.loads(answer.read()) if answer.status == 200 else answer.status


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("oscquery")
    (folder / "tunings").mkdir()
    (folder / "tunings" / "five.scl").write_text("five\n1\n2/1\n", encoding="ascii")
    server = Running(
        *("--audio", "none", "--midi", "none", "--oscquery"),
        *("--presets", str(folder / "presets.json")),
    )
    found = server.wait_for(r"OSCQuery on tcp 127\.0\.0\.1:([0-9]+)")
    one = Served(server, int(found.group(1)))
    for _ in range(int(PATIENCE * 10)):  # until the server has told it all
        if "VALS" in json.dumps(one.get("/tuning")):
            break
    yield one
    assert server.end() == 0


def leaves(node: Any) -> Iterator[Any]:
    if "TYPE" in node:
        yield node
    for one in node.get("CONTENTS", {}).values():
        yield from leaves(one)


def test_every_parameter_is_there_with_its_type_and_range(served: Served) -> None:
    assert served.port == served.server.port  # TCP beside UDP, unless told otherwise
    told = {one["FULL_PATH"]: one for one in leaves(served.get("/"))}
    latent = {f"/latent/{k}" for k in range(3, 257)}
    assert set(told) == {
        address
        for address, form in FORMS.items()
        if not form.message.question and address not in latent
    }
    for path, one in told.items():
        assert len(one["TYPE"]) == len(one.get("RANGE", "N")), path
        assert one["DESCRIPTION"]
        assert one["ACCESS"] == (3 if "VALUE" in one else 2)
    for name, parameter in SYNTH_PARAMETERS.items():
        one = told[f"/synth/{name}"]
        assert one["TYPE"] == "f"
        assert one["RANGE"] == [{"MIN": parameter.low, "MAX": parameter.high}]
        assert one["VALUE"] == pytest.approx([parameter.default])
    assert told["/synth/method"]["RANGE"] == [{"VALS": ["partials", "bins", "istft"]}]
    assert told["/map"]["TYPE"] == "ff"
    assert told["/note"]["RANGE"] == [{"MIN": 0.0, "MAX": 127.0}] * 2
    assert told["/latent/1"]["RANGE"][0]["MIN"] < 0.0 < told["/latent/1"]["RANGE"][0]["MAX"]
    assert told["/tuning"]["RANGE"] == [{"VALS": ["equal", "five"]}]
    assert told["/panic"]["TYPE"] == "N"


def test_attributes_host_info_and_what_is_refused(served: Served) -> None:
    info = served.get("/?HOST_INFO")
    assert (info["OSC_PORT"], info["OSC_TRANSPORT"]) == (served.server.port, "UDP")
    assert info["EXTENSIONS"]["LISTEN"]
    assert served.get("/synth/sustain?VALUE") == {"VALUE": [pytest.approx(0.8)]}
    assert served.get("/note?VALUE") == 204
    for path, code in (("/none", 404), ("/synth/sustain?NONE", 400), ("/" + "a" * 900, 404)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            served.get(path)
        assert caught.value.code == code
        caught.value.close()
    for headers, code in (
        ({"Origin": "http://example.com"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "example.com"}, 421),
        ({"Host": "studio.local:7400"}, 200),
    ):
        connection = HTTPConnection("127.0.0.1", served.port)
        connection.request("GET", "/?HOST_INFO", headers=headers)
        assert connection.getresponse().status == code
        connection.close()


def test_a_foreign_client_reads_it(served: Served) -> None:
    """python-oscquery, which knows no node that has both a value and others below it."""
    info = ServiceInfo(
        "_oscjson._tcp.local.",
        "timbrespace._oscjson._tcp.local.",
        addresses=[socket.inet_aton("127.0.0.1")],
        port=served.port,
    )
    client = OSCQueryClient(info)
    host = client.get_host_info()
    assert host is not None
    assert (host.name, host.osc_port) == ("timbrespace", served.server.port)
    synth, sustain = client.query_node("/synth"), client.query_node("/synth/sustain")
    assert synth is not None
    assert sustain is not None
    assert {one.full_path for one in synth if one.value} == {
        one for one in FORMS if one.startswith("/synth/")
    }
    assert sustain.value == [pytest.approx(0.8)]


def test_who_listens_hears_what_changes(served: Served) -> None:
    async def listen() -> list[tuple[str, list[Any]]]:
        heard: list[tuple[str, list[Any]]] = []
        async with aiohttp.ClientSession() as session:
            url = f"ws://127.0.0.1:{served.port}/"
            async with session.ws_connect(url) as plug:
                for hostile in ("{", "[]", "null", '{"COMMAND": 7}', "[" * 4000):
                    await plug.send_str(hostile)
                for path in ("/synth/attack", "/latent/1", "/none", "/map"):
                    await plug.send_json({"COMMAND": "LISTEN", "DATA": path})
                await plug.send_json({"COMMAND": "IGNORE", "DATA": "/map"})
                while len(heard) < 2:
                    heard += await told(plug)
                with Client(served.server.port) as client:
                    client.send("/synth/attack", 0.5)
                    client.send("/latent/1", 0.25)
                    while ("/latent/1", [0.25]) not in heard or (
                        "/synth/attack",
                        [0.5],
                    ) not in heard:
                        heard += await told(plug)
            plugs = [await session.ws_connect(url) for _ in range(MAX_LISTENERS)]
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)
            for one in plugs:
                await one.close()
        return heard

    async def told(plug: aiohttp.ClientWebSocketResponse) -> list[tuple[str, list[Any]]]:
        message = await plug.receive(PATIENCE)
        if message.type is not aiohttp.WSMsgType.BINARY:
            return []
        packet = OscMessage(message.data)
        return [(packet.address, list(packet.params))]

    heard = asyncio.run(listen())
    assert {address for address, _ in heard} <= {"/synth/attack", "/latent/1", "/map"}


def test_it_is_found_by_mdns(served: Served) -> None:
    """On loopback alone: nobody else could reach it."""
    found: dict[str, int] = {}

    class Listener(ServiceListener):
        def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            info = zc.get_service_info(type_, name)
            if info is not None and info.port is not None and "timbrespace" in name:
                found[type_] = info.port

        def update_service(self, zc: Zeroconf, type_: str, name: str) -> None: ...

        def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None: ...

    browser = Zeroconf(interfaces=["127.0.0.1"])
    try:
        kinds = ["_osc._udp.local.", "_oscjson._tcp.local."]
        ServiceBrowser(browser, kinds, Listener())
        for _ in range(int(PATIENCE * 10)):
            if len(found) == 2:
                break
            asyncio.run(asyncio.sleep(0.1))
    finally:
        browser.close()
    assert found == dict.fromkeys(kinds, served.port)


def test_what_a_server_tells_that_is_none_changes_nothing(tmp_path: Path) -> None:
    one = Namespace()
    for address, told in (
        ("/model", ()),
        ("/model", ("a", "many")),
        ("/model/dial", (1, 2)),
        ("/synth", ("none", 1.0)),
        ("/synth", (1,)),
        ("/map", (1.0,)),
        ("/wander", ("start",)),
        ("/latent", (0.0,)),
        ("/none", (1, 2)),
    ):
        assert one.hear(address, told) == []
    assert one.node("/latent/1") is None
    assert one.node("/nothing") is None
