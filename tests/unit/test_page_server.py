"""The server of the page: told to end while it begins, it ends what the application began."""

import socket

from sufficiency.app.bounds import Bounds
from sufficiency.app.server import server_of


class Application:
    """An application that notes what it is told of beginning and end."""

    bounds = Bounds()

    def __init__(self):
        self.told = []
        self.server = None

    async def __call__(self, scope, receive, send):
        assert scope["type"] == "lifespan"
        while True:
            message = await receive()
            self.told.append(message["type"])
            if message["type"] == "lifespan.startup":
                self.server.should_exit = True  # as Ctrl-C does
                await send({"type": "lifespan.startup.complete"})
            else:
                await send({"type": "lifespan.shutdown.complete"})
                return


def test_what_is_told_to_end_while_it_begins_ends_whole():
    application = Application()
    application.server = server_of(application)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        application.server.run(sockets=[listening])
    assert application.told == ["lifespan.startup", "lifespan.shutdown"]
