"""The guard before the page, around an application that lets everybody in."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest

from sufficiency.app.bounds import Bounds, Bucket
from sufficiency.app.guard import Guard, allowed_hosts
from sufficiency.app.policy import NONCE, Nonced
from tests.asgi import HOST, ORIGIN, request, websocket

TOKEN = "the-token-of-this-start"  # noqa: S105 - made up for the tests
ROUTES = (
    "/",
    "/ground/abc.json",
    "/_nicegui/3.18.0/static/nicegui.js",
    "/_nicegui_ws/socket.io/",
    "/nowhere",
    "//",
    "/..",
)


class Open:
    """Answers everything, keeps what it saw, and fails where it is told to."""

    def __init__(self):
        self.seen = []

    async def __call__(self, scope, receive, send):
        self.seen.append(scope)
        if scope["type"] == "websocket":
            assert (await receive())["type"] == "websocket.connect"
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                if message.get("text") == "fail":
                    raise ValueError("Ada Lovelace, 12 High Street")
                await send({"type": "websocket.send", "text": f"heard {len(message.get('text') or message['bytes'])}"})
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"].startswith("/fails"):
            raise ValueError("Ada Lovelace, 12 High Street")
        status = int(scope["path"][1:]) if scope["path"][1:].isdigit() else 200
        headers = [(b"content-type", b"text/html"), (b"cache-control", b"public, max-age=9"), (b"server", b"nicegui"),
                   (b"access-control-allow-origin", b"*"), (b"x-frame-options", b"ALLOWALL")]  # fmt: skip
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if scope["path"] == "/half":
            raise ValueError("Ada Lovelace")
        text = b"Traceback: Ada Lovelace" if status >= 400 else b"hello %d" % len(body)
        await send({"type": "http.response.body", "body": text})


def guard(app=None, *, port=8090, host="127.0.0.1", **more):
    more = {"token": TOKEN, "hosts": allowed_hosts(host, port), "name": f"sufficiency-{port}"} | more
    return Guard(app or Open(), **more)


async def cookie(guarded, host=HOST) -> str:
    """Return the cookie that the link gives."""
    answer = await request(guarded, query=f"token={TOKEN}", headers={"host": host})
    assert answer.status == 303
    return answer.header("set-cookie").split(";")[0]


def asked(method="GET", path="/", *, link=True, origin=None, host=HOST, body=(b"",), query=b"", app=None, **headers):
    """Return the answer to one request, and the application behind the guard."""
    app = app or Open()

    async def run():
        guarded = guard(app)
        given = {"cookie": await cookie(guarded)} if link else {}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return await request(guarded, method, path, query, {"host": host, "origin": origin} | given | more, body)

    return asyncio.run(run()), app


def test_the_link_sets_a_cookie_and_leads_to_the_clean_address():
    async def run():
        guarded = guard()
        first = await request(guarded, query=f"token={TOKEN}", headers={"host": HOST})
        assert first.status == 303
        assert first.header("location") == "/"
        name, *rules = first.header("set-cookie").split("; ")
        assert name.startswith("sufficiency-8090=")
        assert set(rules) == {"HttpOnly", "SameSite=Strict", "Path=/"}
        # what the browser keeps is not what the terminal shows
        assert TOKEN not in name
        assert TOKEN not in str(first.headers)
        then = await request(guarded, headers={"host": HOST, "cookie": f"other=1; {name}"})
        assert (then.status, then.text) == (200, "hello 0")
        again = await request(guarded, query=f"token={TOKEN}", headers={"host": HOST, "cookie": name})
        assert again.status == 303

    asyncio.run(run())


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "ANYTHING"])
@pytest.mark.parametrize("path", ROUTES)
def test_no_route_answers_without_the_cookie(path, method):
    app = Open()

    async def run():
        guarded = guard(app)
        right = await cookie(guarded)
        wrong = [None, "", "sufficiency-8090=", "sufficiency-8090=x", f"sufficiency-8090={TOKEN}",
                 right.replace("8090", "8091"), right[:-1], right + "x", "x" + right, right.upper()]  # fmt: skip
        for one in wrong:
            answer = await request(guarded, method, path, headers={"host": HOST, "origin": ORIGIN, "cookie": one})
            assert answer.status == 403, one
            assert "open only to a browser that came by its link" in answer.text or method == "HEAD"
        for query in (
            f"token={TOKEN}x",
            "token=",
            f"token={TOKEN}&token={TOKEN}",
            f"Token={TOKEN}",
            "token=%00",
            "&=&",
        ):
            answer = await request(guarded, method, path, query, {"host": HOST, "origin": ORIGIN})
            assert answer.status == 403, query

    asyncio.run(run())
    assert app.seen == []


@pytest.mark.parametrize("path", ROUTES[1:])
def test_the_token_opens_no_other_address(path):
    """In the address of a file or a message it would be a second cookie, seen in logs."""
    answer, app = asked(path=path, query=f"token={TOKEN}", link=False)
    assert answer.status == 403
    assert app.seen == []


@pytest.mark.parametrize("host", [
    "", "evil.example", "evil.example:8090", "127.0.0.1", "127.0.0.1:8091", "localhost", "127.0.0.1:8090.evil.example",
    "127.0.0.1:8090@evil.example", "127.0.0.2:8090", "[::1]", "0.0.0.0:8090", "127.1:8090", "localhost.:8090",
])  # fmt: skip
@pytest.mark.parametrize("path", ROUTES)
def test_another_host_is_refused_with_the_cookie_too(path, host):
    for method, origin in (("GET", None), ("POST", f"http://{host}"), ("POST", ORIGIN)):
        answer, app = asked(method, path, host=host, origin=origin)
        assert answer.status == 403
        assert app.seen == []


def test_two_hosts_or_none_are_refused():
    async def run():
        app = Open()
        guarded = guard(app)
        known = await cookie(guarded)
        for headers in ([("host", HOST), ("host", HOST)], [("host", HOST), ("host", "evil.example")], []):
            assert (await request(guarded, headers=[*headers, ("cookie", known)])).status == 403
        assert app.seen == []

    asyncio.run(run())


@pytest.mark.parametrize("host", ["127.0.0.1:8090", "localhost:8090", "[::1]:8090", "LOCALHOST:8090"])
def test_every_name_of_this_computer_may_be_asked(host):
    answer, _ = asked("POST", host=host, origin=f"http://{host.lower()}")
    assert answer.status == 200


def test_a_host_that_was_given_is_asked_by_its_own_name_only():
    assert allowed_hosts("10.0.0.5", 8090) == ("10.0.0.5:8090",)
    assert allowed_hosts("Planning-PC", 8090) == ("planning-pc:8090",)
    assert allowed_hosts("fd00::5", 8090) == ("[fd00::5]:8090",)
    assert set(allowed_hosts("::1", 80)) == {
        "127.0.0.1:80", "localhost:80", "[::1]:80", "127.0.0.1", "localhost", "[::1]",
    }  # fmt: skip


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:8091", "",
                                    "https://127.0.0.1:8090", "http://localhost:8090", f"{ORIGIN}/"])  # fmt: skip
@pytest.mark.parametrize("path", ROUTES)
def test_another_origin_is_refused_whatever_is_asked(path, origin):
    for method in ("GET", "HEAD", "POST"):
        answer, app = asked(method, path, origin=origin)
        assert answer.status == 403
        assert app.seen == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "BREW"])
def test_whoever_wants_to_change_something_says_where_they_are(method):
    answer, app = asked(method)
    assert answer.status == 403
    assert app.seen == []
    answer, app = asked(method, origin=ORIGIN)
    assert answer.status == 200


@pytest.mark.parametrize(("site", "status"), [("same-origin", 200), ("none", 200), (None, 200), ("cross-site", 403),
                                              ("same-site", 403), ("", 403), ("none, cross-site", 403)])  # fmt: skip
def test_a_request_from_another_site_is_refused(site, status):
    answer, app = asked(sec_fetch_site=site)
    assert answer.status == status
    assert len(app.seen) == (status == 200)
    # the link too: the words say how to open it
    refused, _ = asked(link=False, query=f"token={TOKEN}", sec_fetch_site=site)
    assert refused.status == (303 if status == 200 else 403)
    if status == 403:
        assert "address bar" in refused.text


def test_what_the_application_sees_has_no_cookie_of_the_guard_and_no_words_of_a_proxy():
    async def run():
        app = Open()
        guarded = guard(app)
        known = await cookie(guarded)
        headers = {"host": HOST, "cookie": f"a=1; {known}; b=2", "x-forwarded-prefix": "/evil",
                   "X-Forwarded-For": "1.2.3.4", "forwarded": "for=1.2.3.4", "accept": "*/*"}  # fmt: skip
        await request(guarded, headers=headers)
        assert dict(app.seen[0]["headers"]) == {b"host": HOST.encode(), b"accept": b"*/*", b"cookie": b"a=1; b=2"}

    asyncio.run(run())


@pytest.mark.parametrize("status", [200, 303, 400, 404, 500, 403])
def test_every_answer_has_the_headers_that_keep_it_safe(status):
    answer, _ = asked(path="/" if status == 403 else f"/{status}", link=status != 403)
    assert answer.status == status
    assert answer.header("cache-control") == "no-store"
    assert answer.header("x-frame-options") == "DENY"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "no-referrer"
    assert answer.header("cross-origin-opener-policy") == "same-origin"
    assert answer.header("cross-origin-resource-policy") == "same-origin"
    assert "camera=()" in answer.header("permissions-policy")
    assert answer.header("access-control-allow-origin") == ""
    assert answer.header("server") == ""
    rules = dict(one.split(" ", 1) for one in answer.header("content-security-policy").split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert rules["connect-src"] == f"'self' ws://{HOST}"
    assert "unsafe-inline" not in rules["script-src"] + rules["style-src"]
    assert not any(":" in one for name in ("script-src", "font-src") for one in rules[name].split())


def test_a_host_that_is_none_does_not_get_into_the_policy():
    answer, _ = asked(host="x; script-src *")
    assert "script-src *" not in answer.header("content-security-policy")


def test_files_by_their_content_may_be_kept_and_nothing_else():
    async def run(kept):
        guarded = guard(kept=kept)
        known = {"host": HOST, "cookie": await cookie(guarded)}
        return [
            (await request(guarded, path=one, headers=known)).header("cache-control")
            for one in ("/ground/a", "/", "/404")
        ]

    keep = asyncio.run(run(lambda path: path != "/"))
    assert keep == ["private, max-age=31536000, immutable", "no-store", "no-store"]
    assert asyncio.run(run(lambda _: False)) == ["no-store"] * 3


@pytest.mark.parametrize("path", ["/fails", "/500", "/404", "/400", "/503"])
def test_no_fault_of_the_application_reaches_the_browser(path, caplog):
    caplog.set_level(logging.INFO)
    answer, _ = asked(path=path)
    assert answer.status == (500 if path == "/fails" else int(path[1:]))
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert int(answer.header("content-length")) == len(answer.body)
    assert "Ada" not in answer.text + str(answer.headers) + caplog.text
    assert "Traceback" not in answer.text
    if path == "/fails":
        assert "Something went wrong that is not your doing" in answer.text
        assert "ValueError at test_guard.py:" in caplog.text


def test_a_fault_in_the_middle_of_an_answer_ends_it(caplog):
    caplog.set_level(logging.INFO)

    async def run():
        sent = []
        guarded = guard()
        known = await cookie(guarded)

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/half", "query_string": b"",
                 "headers": [(b"host", HOST.encode()), (b"cookie", known.encode())]}  # fmt: skip
        await guarded(scope, receive, send)
        assert [one["type"] for one in sent] == ["http.response.start"]

    asyncio.run(run())
    assert "Ada" not in caplog.text


def test_head_has_no_body():
    answer, _ = asked("HEAD", "/404")
    assert (answer.status, answer.body) == (404, b"")
    assert int(answer.header("content-length")) > 0


@pytest.mark.parametrize(("size", "status"), [(1_000_000, 200), (1_000_001, 413)])
def test_a_body_has_a_size(size, status):
    parts = [b"x" * 1_000, b"x" * (size - 1_000)]
    answer, app = asked("POST", origin=ORIGIN, body=parts)
    assert answer.status == status
    assert len(app.seen) == (status == 200)
    if status == 200:
        assert answer.text == f"hello {size}"


@pytest.mark.parametrize(("told", "status"), [("1000001", 413), ("99999999999999999999", 413), ("-1", 400), ("x", 400)])
def test_a_body_that_is_told_too_large_is_not_read(told, status):
    answer, app = asked("POST", origin=ORIGIN, content_length=told)
    assert answer.status == status
    assert app.seen == []


def test_a_body_that_never_comes_is_given_up():
    async def run():
        guarded = guard(bounds=Bounds(body_s=0.05))
        headers = {"host": HOST, "origin": ORIGIN, "cookie": await cookie(guarded)}

        async def forever():
            await asyncio.sleep(3600)

        answer = await request(guarded, "POST", "/", headers=headers, body=[b"x"], after=forever)
        assert answer.status == 408
        assert "in time" in answer.text

    asyncio.run(run())


def test_long_addresses_and_headers_are_refused_before_anything_else():
    answer, _ = asked(path="/" + "a" * 9_000)
    assert answer.status == 414
    answer, _ = asked(query=b"a" * 9_000, link=False)
    assert answer.status == 414
    answer, _ = asked(x_long="a" * 40_000)
    assert answer.status == 431


def test_a_bucket_gives_back_with_time():
    now = [0.0]
    bucket = Bucket(2.0, 3, lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.4
    assert not bucket.take()
    now[0] = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now[0] = 1_000.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_too_many_requests_wait():
    now = [0.0]

    async def run():
        guarded = guard(bounds=Bounds(requests_per_s=1, requests_at_once=2), clock=lambda: now[0])
        known = {"host": HOST, "cookie": await cookie(guarded)}
        found = [await request(guarded, headers=known) for _ in range(3)]
        assert [one.status for one in found] == [200, 200, 429]
        assert found[2].header("retry-after")
        # a stranger cannot use up what belongs to those who have the cookie
        for _ in range(50):
            assert (await request(guarded, headers={"host": HOST})).status == 403
        now[0] = 1.0
        assert (await request(guarded, headers=known)).status == 200

    asyncio.run(run())


def test_many_requests_at_once_wait():
    async def run():
        freed = asyncio.Event()

        async def slow(scope, receive, send):
            await freed.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        guarded = guard(slow, bounds=Bounds(requests=2))
        known = {"host": HOST, "cookie": await cookie(guarded)}
        first = [asyncio.create_task(request(guarded, headers=known)) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert (await request(guarded, headers=known)).status == 429
        freed.set()
        assert [(await one).status for one in first] == [200, 200]
        assert (await request(guarded, headers=known)).status == 200

    asyncio.run(run())


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("headers", [
    {}, {"host": HOST}, {"host": HOST, "origin": ORIGIN}, {"host": HOST, "cookie": "right"},
    {"host": "evil.example", "origin": "http://evil.example", "cookie": "right"},
    {"host": HOST, "origin": "http://evil.example", "cookie": "right"},
    {"host": HOST, "origin": "null", "cookie": "right"},
    {"host": HOST, "origin": ORIGIN, "cookie": "wrong=1"},
    {"host": HOST, "origin": ORIGIN, "cookie": "right", "sec-fetch-site": "cross-site"},
])  # fmt: skip
def test_a_websocket_without_all_that_is_refused(headers, answers):
    async def run():
        app = Open()
        guarded = guard(app)
        known = await cookie(guarded)
        given = {name: known if value == "right" else value for name, value in headers.items()}
        async with websocket(guarded, headers=given, query=f"token={TOKEN}", answers=answers) as talk:
            await talk.until(lambda one: one.body or one.code)
        assert not talk.accepted
        assert app.seen == []
        if answers:
            assert talk.status == 403
            assert b"came by its link" in talk.body or b"another page" in talk.body or b"that address" in talk.body
        else:
            assert talk.code == 1008
            assert talk.reason

    asyncio.run(run())


def talking(bounds=None, now=lambda: 0.0):
    async def opened(what):
        guarded = guard(bounds=bounds, clock=now)
        headers = {"host": HOST, "origin": ORIGIN, "cookie": await cookie(guarded)}
        return await what(guarded, headers)

    return lambda what: asyncio.run(opened(what))


def test_a_websocket_with_all_that_talks():
    async def what(guarded, headers):
        async with websocket(guarded, headers=headers) as talk:
            talk.say("abc")
            talk.say(b"abcde")
            await talk.until(lambda one: len(one.heard) == 2)
        assert talk.accepted
        assert talk.heard == ["heard 3", "heard 5"]

    talking()(what)


@pytest.mark.parametrize("message", ["x" * 101, "é" * 51, b"x" * 101])
def test_a_message_has_a_size(message):
    async def what(guarded, headers):
        async with websocket(guarded, headers=headers) as talk:
            talk.say("x" * 100)
            talk.say(message)
            talk.say("after")
            await talk.until(lambda one: one.code)
        assert (talk.code, talk.reason) == (1009, "That message is too large.")
        assert talk.heard == ["heard 100"]

    talking(Bounds(message_bytes=100))(what)


def test_messages_have_a_rate():
    async def what(guarded, headers):
        async with websocket(guarded, headers=headers) as talk:
            for _ in range(6):
                talk.say("x")
            await talk.until(lambda one: one.code)
        assert talk.code == 1008
        assert "Too many messages" in talk.reason
        assert len(talk.heard) == 5

    talking(Bounds(messages_at_once=5, messages_per_s=1))(what)


def test_a_hand_on_a_slider_is_not_too_fast():
    """Sixty positions a second for two minutes pass."""
    now = [0.0]

    async def what(guarded, headers):
        async with websocket(guarded, headers=headers) as talk:
            for number in range(7_200):
                now[0] += 1 / 60
                talk.say("x")
                if number % 100 == 99:
                    await talk.until(lambda one, number=number: len(one.heard) > number)
        assert len(talk.heard) == 7_200

    talking(Bounds(), lambda: now[0])(what)


def test_connections_have_a_number_and_are_given_back():
    async def what(guarded, headers):
        async with websocket(guarded, headers=headers) as one, websocket(guarded, headers=headers) as two:
            await one.until(lambda talk: talk.accepted)
            await two.until(lambda talk: talk.accepted)
            async with websocket(guarded, headers=headers) as three:
                await three.until(lambda talk: talk.body)
            assert three.status == 429
        async with websocket(guarded, headers=headers) as four:
            await four.until(lambda talk: talk.accepted)

    talking(Bounds(connections=2))(what)


def test_a_fault_behind_a_websocket_closes_it_in_words(caplog):
    caplog.set_level(logging.INFO)

    async def what(guarded, headers):
        async with websocket(guarded, headers=headers) as talk:
            talk.say("fail")
            await talk.until(lambda one: one.code)
        assert talk.code == 1011
        assert "not your doing" in talk.reason
        assert len(talk.reason.encode()) <= 123

    talking()(what)
    assert "Ada" not in caplog.text
    assert "ValueError at test_guard.py:" in caplog.text


def test_the_marks_are_new_in_every_answer_and_stand_in_the_page():
    page = b"<html><style>a{}</style><script type='module'>x</script><p>&lt;script></p><scripted><script>y</script>"

    async def app(scope, receive, send):
        kind = b"text/html; charset=utf-8" if scope["path"] == "/" else b"text/javascript"
        headers = [(b"content-type", kind), (b"content-length", str(len(page)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for start in range(0, len(page), 7):
            await send({"type": "http.response.body", "body": page[start : start + 7], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def run():
        guarded = guard(Nonced(app))
        known = {"host": HOST, "cookie": await cookie(guarded)}
        found = [await request(guarded, path=one, headers=known) for one in ("/", "/", "/a.js")]
        marks = [re.search(r"'nonce-([^']+)'", one.header("content-security-policy"))[1] for one in found]
        assert len(set(marks)) == 3
        for one, mark in zip(found[:2], marks[:2], strict=True):
            mine = f'nonce="{mark}"'
            assert one.text == (
                f"<html><style {mine}>a{{}}</style><script {mine} type='module'>x</script><p>&lt;script></p><scripted>"
                f"<script {mine}>y</script>"
            )
            assert int(one.header("content-length")) == len(one.body)
        assert found[2].body == page

    asyncio.run(run())


def test_without_a_guard_nothing_is_marked():
    async def app(scope, receive, send):
        assert NONCE not in scope
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<script>"})

    assert asyncio.run(request(Nonced(app))).body == b"<script>"
