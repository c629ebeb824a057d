"""What is a message of the page, and what is none."""

from __future__ import annotations

import asyncio
import json

import pytest

from sufficiency.app.frames import Framed, faults_of, is_packet, packets_of
from tests.asgi import request, websocket

CLIENT = "0b6cf4f2-5d0e-4f0d-9f5e-0a6f2b1d1c11"
# what Chromium sends to the page of NiceGUI 3.18, as it was recorded
OWN = {
    "event": {"id": 7, "client_id": CLIENT, "listener_id": "a3c1b2", "args": ['{"value":30}', None]},
    "handshake": {"client_id": CLIENT, "next_message_id": 3, "implicit_handshake": True, "document_id": "d-1",
                  "tab_id": "t-1", "old_tab_id": None},
    "ack": {"client_id": CLIENT, "next_message_id": 12},
    "javascript_response": {"request_id": "r-1", "client_id": CLIENT, "result": [1, {"a": 2}]},
    "log": {"client_id": CLIENT, "level": "error", "message": "Method not found."},
}  # fmt: skip
PACKETS = ("1", "2", "2probe", "3", "3probe", "5", "40", "40{}", "41", '42["ack",{}]', '4217["handshake",{"a":[1]}]')
NONE = (
    "",
    "0",
    "6",
    "7",
    "4",
    "42",
    "43",
    "44",
    "45",
    "b",
    "bAAAA",
    "x",
    "é",
    "\0",
    "40/x,",
    "42/x,[]",
    '42/x,["a"]',
    "42[]",
    '42["connect",{}]',
    '42["disconnect"]',
    '42["else",{}]',
    "42[",
    "42{}",
    "42[1]",
    "42[null]",
    '42[["a"]]',
    '42{"a":1}',
    "42null",
    '42"a"',
    '431["a"]',
    '451-["a",{}]',
    "1 ",
    "2prob",
    '42["a"',
    '42["a"]]',
    "4" + "9" * 50 + "[]",
    "42" + "1" * 10 + '["a"]',
    "42" + "[" * 100_000,
    "1\n",
)


@pytest.mark.parametrize("text", PACKETS)
def test_packets_as_a_page_sends_them_pass(text):
    assert is_packet(text)
    assert packets_of(text.encode())


@pytest.mark.parametrize("text", NONE, ids=range(len(NONE)))
def test_what_is_no_packet_does_not(text):
    assert not is_packet(text)
    assert not packets_of(text.encode())


def test_a_body_holds_several():
    assert packets_of(b'2\x1e42["ack",{}]\x1e3')
    assert not packets_of(b"2\x1e\x1e3")
    assert not packets_of(b"\xff")
    assert packets_of(b"\x1e".join([b"2"] * 16))
    assert not packets_of(b"\x1e".join([b"2"] * 17))


@pytest.mark.parametrize("name", OWN)
def test_own_messages_have_no_fault(name):
    assert faults_of(name, (OWN[name],)) == ""


@pytest.mark.parametrize("name", OWN)
def test_messages_of_another_shape_have_one(name):
    good = OWN[name]
    for data in ((), (good, good), (None,), ([],), ("x",), ([good],), ({},)):
        assert faults_of(name, data)
    for wrong in (None, 7, "", "a b", "x" * 65, [], {}, "\0"):
        assert faults_of(name, (good | {"client_id": wrong},))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("event", {"id": "7"}),
        ("event", {"id": True}),
        ("event", {"id": 1.5}),
        ("event", {"id": None}),
        ("event", {"id": 10**12}),
        ("event", {"listener_id": 7}),
        ("event", {"listener_id": ["a"]}),
        ("event", {"listener_id": "x" * 65}),
        ("event", {"args": {}}),
        ("event", {"args": "x"}),
        ("event", {"args": [1]}),
        ("event", {"args": ["0"] * 21}),
        ("event", {"args": ["x" * 1_000_001]}),
        ("handshake", {"tab_id": None}),
        ("handshake", {"tab_id": ["a"]}),
        ("handshake", {"document_id": {}}),
        ("handshake", {"next_message_id": "x"}),
        ("handshake", {"next_message_id": 1.5}),
        ("handshake", {"old_tab_id": [1]}),
        ("ack", {"next_message_id": "3"}),
        ("ack", {"next_message_id": None}),
        ("ack", {"next_message_id": True}),
        ("javascript_response", {"request_id": None}),
        ("javascript_response", {"request_id": []}),
        ("log", {"level": "fatal"}),
        ("log", {"level": []}),
        ("log", {"message": 7}),
        ("log", {"message": "x" * 2_001}),
        ("log", {"message": "two\nlines"}),
        ("log", {"message": "\x1b[31mred"}),
    ],
)
def test_fields_of_another_kind_have_one(name, change):
    assert faults_of(name, (OWN[name] | change,))


def test_a_connection_holds_a_whole_handshake_or_none():
    whole = f"client_id={CLIENT}&tab_id=t&document_id=d&next_message_id=0&implicit_handshake=true&old_tab_id="
    assert faults_of("connect", ({"QUERY_STRING": whole}, None)) == ""
    assert faults_of("connect", ({"QUERY_STRING": "EIO=4"}, None)) == ""
    assert faults_of("connect", ({}, None)) == ""
    for part in ("client_id", "tab_id", "document_id"):
        assert faults_of("connect", ({"QUERY_STRING": whole.replace(part, "else")}, None))
    for data in ((), (None,), ("x",), ({"QUERY_STRING": b"x"},)):
        assert faults_of("connect", data)


class Open:
    """Keeps what comes in."""

    def __init__(self):
        self.heard = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
        while (message := await receive())["type"] not in ("websocket.disconnect", "http.disconnect"):
            self.heard.append(message.get("text") or message.get("bytes") or message.get("body"))
            if scope["type"] == "http":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            await send({"type": "websocket.send", "text": "heard"})


def test_a_websocket_drops_what_is_no_message():
    async def run():
        app = Open()
        async with websocket(Framed(app, "/ws/"), "/ws/socket.io/") as talk:
            for text in (*NONE, *PACKETS):
                talk.say(text)
            talk.say(b"bytes")
            talk.say("2")
            await talk.until(lambda one: len(one.heard) > len(PACKETS))
        assert app.heard == [*PACKETS, "2"]

    asyncio.run(run())


def test_a_request_with_what_is_no_message_is_refused_and_other_addresses_are_left_alone():
    async def run():
        app = Open()
        framed = Framed(app, "/ws/")
        assert (await request(framed, "POST", "/ws/socket.io/", body=[b"2"])).status == 200
        assert (await request(framed, "POST", "/ws/socket.io/", body=[b"7"])).status == 400
        assert (await request(framed, "PUT", "/ws/socket.io/", body=[b"2"])).status == 405
        assert (await request(framed, "GET", "/ws/socket.io/")).status == 200
        assert (await request(framed, "POST", "/upload", body=[b"7"])).status == 200
        async with websocket(framed, "/other") as talk:
            talk.say("7")
            await talk.until(lambda one: one.heard)
        assert app.heard == [b"2", b"", b"7", "7"]

    asyncio.run(run())


def test_the_recorded_messages_are_packets():
    for name, message in OWN.items():
        assert is_packet("42" + json.dumps([name, message]))
