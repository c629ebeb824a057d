"""`sufficiency serve` as it is started by hand: the link, the guard in front of it, and how it ends."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.end_to_end.commands import CHECKOUT, TEMPLATE, run_command
from tests.end_to_end.served import LINK
from tests.end_to_end.served import served as serve_area

SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport="
# the framework would measure for somebody else if this were heeded
MEASURED = {"FASTAPI_OTEL_AUTO_CONFIGURE": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@contextmanager
def served(folder, *options, port="0", **environment):
    with serve_area(folder, TEMPLATE, *options, port=port, **environment) as page:
        yield page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with served(tmp_path_factory.mktemp("served"), **MEASURED) as one:
        yield one


def test_it_prints_its_link_and_says_how_to_end_it(page):
    assert LINK.search(page.said)[1] == "127.0.0.1"
    assert len(page.token) >= 40
    assert "Schemes are kept in" in page.said
    assert "WARNING" not in page.said


def test_it_is_at_the_loopback_address_only(page):
    outside = {one[4][0] for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in outside:
        if not address.startswith("127."):
            with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
                socket.create_connection((address, page.port), timeout=2)


@pytest.mark.parametrize(
    "path", ["/", "/favicon.ico", "/_nicegui/3.18.0/static/nicegui.js", f"{SOCKET}polling", "/nowhere"]
)
def test_nothing_is_there_without_the_token_and_all_is_with_it(page, path):
    status, headers, body = page.ask(path)
    assert status == 403
    assert "came by its link" in body
    assert headers["content-type"] == "text/plain; charset=utf-8"
    cookie = page.cookie()
    status, headers, _ = page.ask(path, cookie=cookie)
    assert status == {"/": 303, "/nowhere": 404}.get(path, 200)
    kept = "private, max-age=31536000, immutable" if "static" in path else "no-store"
    assert headers["cache-control"] == kept
    assert page.ask(path, cookie=cookie, host="evil.example")[0] == 403
    assert page.ask(path, cookie=cookie, origin="http://evil.example")[0] == 403


def test_a_websocket_is_refused_without_the_token_from_elsewhere_and_without_an_origin(page):
    cookie = page.cookie()
    here = f"http://127.0.0.1:{page.port}"
    for origin, headers in ((here, {}), ("http://evil.example", {"Cookie": cookie}), (None, {"Cookie": cookie}),
                            (here, {"Cookie": cookie + "x"})):  # fmt: skip
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{page.port}{SOCKET}websocket", origin=origin, additional_headers=headers)
        assert refused.value.response.status_code == 403
        assert "link" in refused.value.response.body.decode()


def ended(line, messages):
    """Send messages, and return how the connection was closed."""
    try:
        for one in messages:
            line.send(one)
        while True:
            line.recv(timeout=20)
    except ConnectionClosed as closed:
        return closed.rcvd


def test_a_websocket_of_the_page_opens_and_one_that_says_too_much_is_closed_in_words(page):
    cookie = page.cookie()
    address = f"ws://127.0.0.1:{page.port}{SOCKET}websocket"
    with connect(address, origin=f"http://127.0.0.1:{page.port}", additional_headers={"Cookie": cookie}) as line:
        assert line.recv(timeout=20).startswith('0{"sid"')
        assert ended(line, ["4" * 1_000_001]).code == 1009
    with connect(address, origin=f"http://127.0.0.1:{page.port}", additional_headers={"Cookie": cookie}) as line:
        closed = ended(line, ["3"] * 2_000)
        assert closed.code == 1008
        assert "Too many messages" in closed.reason


def test_polling_works_with_the_token_and_wants_an_origin_to_send(page):
    cookie = page.cookie()
    status, _, body = page.ask(f"{SOCKET}polling", cookie=cookie)
    assert status == 200
    session = re.search(r'"sid":"([^"]+)"', body)[1]
    path = f"{SOCKET}polling&sid={session}"
    assert page.ask(path, "POST", cookie=cookie)[0] == 403
    assert page.ask(path, "POST", cookie=cookie, origin=f"http://127.0.0.1:{page.port}")[0] == 400


def test_what_does_not_fit_is_refused_by_the_server_too(page):
    with socket.create_connection(("127.0.0.1", page.port), timeout=20) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000)
        line.settimeout(20)
        assert line.recv(100).startswith(b"HTTP/1.1 400")
    with socket.create_connection(("127.0.0.1", page.port), timeout=20) as line:
        line.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        with suppress(ConnectionResetError):
            assert line.recv(100)[:12] in (b"HTTP/1.1 400", b"")


def test_another_start_has_another_token_and_port_and_ctrl_c_ends_it(tmp_path):
    """With a browser that holds on to it, too."""
    other = tmp_path / "other"
    other.mkdir()
    with served(tmp_path, port="") as first, served(other, port="") as second:
        assert 8090 <= first.port != second.port
        assert first.token != second.token
        cookie, body = first.page()
        assert second.ask("/", cookie=cookie)[0] == 403
        assert "Traceback" not in body
        origin = f"http://127.0.0.1:{first.port}"
        address = f"ws://127.0.0.1:{first.port}{SOCKET}websocket"
        with connect(address, origin=origin, additional_headers={"Cookie": cookie}) as line:
            line.recv(timeout=20)
            status, seconds = first.end()
        assert status == 0, first.said
        assert seconds < 10
        first.until("The page has ended")
        assert "Traceback" not in first.said
        assert second.end()[0] == 0
        # the token was said once, and nothing logs what is asked
        assert first.said.count(first.token) == 1
        assert "GET /" not in first.said


def test_a_second_page_over_the_same_schemes_is_refused(tmp_path):
    with served(tmp_path):
        kept = str(tmp_path / "kept")
        done = run_command("serve", str(TEMPLATE), "--port", "0", "--keep", kept, out=tmp_path, cwd=tmp_path)
        assert done.status == 2
        assert "Another page has the schemes in" in done.errors
        assert "--keep" in done.errors
    with served(tmp_path) as again:
        assert again.end()[0] == 0


def test_ctrl_c_in_the_moment_in_which_the_link_is_told_ends_it_whole():
    code = (
        "import sys, sufficiency\n"
        "from sufficiency.app.doors import Doors\n"
        "from sufficiency.app.server import serve\n"
        "def ready(link): raise KeyboardInterrupt\n"
        "whole = serve(sufficiency.load(sys.argv[1]), Doors(*[None] * 5), against='', host='127.0.0.1',\n"
        "              port=0, folder=None, open_browser=False, internal=False, ready=ready)\n"
        "print('ended whole:', whole)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(TEMPLATE)], cwd=CHECKOUT, capture_output=True, encoding="utf-8", timeout=120,
        check=False,
    )  # fmt: skip
    assert done.stdout == "ended whole: True\n", done.stderr
    assert done.returncode == 0


def test_a_port_that_is_taken_is_said_in_words(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_command("serve", str(TEMPLATE), "--port", port, "--keep", "none", out=tmp_path, cwd=tmp_path)
    assert done.status == 4
    assert f"Port {port} is in use by another program: give another one with --port" in done.errors
    assert "Traceback" not in done.errors


@pytest.mark.parametrize(("options", "words"), [
    (["--host", "0.0.0.0"],  # noqa: S104 - it is refused
     "stands for every address of this computer"),
    (["--port", "99999"], "--port is 99999"),
    (["--against", "nothing_such"], "there is no scenario 'nothing_such'"),
    (["--postcodes", "nowhere.csv"], "there is no file nowhere.csv"),
])  # fmt: skip
def test_what_cannot_be_is_said_in_words(tmp_path, options, words):
    done = run_command("serve", str(TEMPLATE), "--port", "0", "--keep", "none", *options, out=tmp_path, cwd=tmp_path)
    assert done.status == 2
    assert words.lower() in done.errors.lower()
    assert "Traceback" not in done.errors
    assert not (tmp_path / "none").exists()


def test_any_other_address_than_this_computers_own_comes_with_a_warning(tmp_path):
    done = run_command(
        "serve", str(TEMPLATE), "--host", "192.0.2.1", "--port", "0", "--keep", "none", out=tmp_path, cwd=tmp_path
    )
    assert done.status == 4
    assert "WARNING: the page will listen at 192.0.2.1, not at this computer alone" in done.errors
    assert "192.0.2.1 is no address of this computer" in done.errors


def test_the_internal_view_is_marked_and_nothing_of_it_is_kept(tmp_path):
    with served(tmp_path, "--internal", "--keep", "none") as one:
        assert "INTERNAL" in one.said
        assert "Nothing is kept when it ends" in one.said
        status, headers, _ = one.ask("/_nicegui/3.18.0/static/nicegui.js", cookie=one.cookie())
        assert (status, headers["cache-control"]) == (200, "no-store")
        _, body = one.page()
        ground = re.search(r"/ground/[0-9a-f]+\.json", body)[0]
        status, headers, _ = one.ask(ground, cookie=one.cookie())
        assert (status, headers["cache-control"]) == (200, "no-store")
        assert one.end()[0] == 0
