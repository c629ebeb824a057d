"""Importing the package only defines names: no file of data, no socket, no heavy library."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sufficiency

SCRIPT = """
import sys, time
opened, sockets = [], []

def hook(event, arguments):
    if event == "open" and not str(arguments[0]).endswith((".py", ".pyc", ".so")):
        opened.append(str(arguments[0]))
    if event.startswith("socket."):
        sockets.append(event)

sys.addaudithook(hook)
import sufficiency
libraries = ("pandas", "geopandas", "numpy", "folium", "matplotlib", "numba", "osmnx", "osmium", "nicegui", "uvicorn")
heavy = [name for name in libraries if name in sys.modules]
print(opened, sockets, heavy)
"""


def test_import_opens_no_file_and_no_socket():
    found = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[] [] []"


def test_reading_and_checking_an_area_loads_no_engine_and_no_map_reader():
    """numba, osmnx and the reader of OpenStreetMap files are loaded when they are used, and not before."""
    script = """
import sys
import sufficiency
sufficiency.load()
heavy = ("numba", "osmnx", "osmium", "networkx", "ortools", "folium", "nicegui", "uvicorn")
print([name for name in heavy if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_command_line_starts_without_the_web_framework():
    """And so do the engine, the desks and the guard of the page."""
    script = """
import sys
import sufficiency.cli
sufficiency.cli._parser()
import sufficiency.cli.serve, sufficiency.app.engine, sufficiency.app.sessions, sufficiency.app.jobs
import sufficiency.app.guard, sufficiency.app.frames, sufficiency.app.doors, sufficiency.app.paper
web = ("nicegui", "fastapi", "starlette", "uvicorn", "socketio", "engineio")
print([name for name in web if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_public_names_are_all_there():
    assert 10 <= len(sufficiency.__all__) <= 25
    assert sorted(sufficiency.__all__) == sufficiency.__all__
    for name in sufficiency.__all__:
        assert getattr(sufficiency, name).__doc__
    assert set(dir(sufficiency)) == set(sufficiency.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sufficiency.nothing  # noqa: B018 - looking it up is the test
