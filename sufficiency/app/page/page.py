"""The page: its address, what all windows share, and one window for each visit."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import nicegui
from nicegui import app, ui
from starlette.requests import Request  # noqa: TC002 - the framework reads the annotation when it runs
from starlette.responses import RedirectResponse, Response

from sufficiency.app.ground import ground_of
from sufficiency.app.jobs import Threads
from sufficiency.app.page.hands import Hands
from sufficiency.app.page.layout import lay_out
from sufficiency.app.page.showing import Shared
from sufficiency.app.proposals import Town
from sufficiency.app.shading import LEVEL_TITLES, LOOKS, scales_of
from sufficiency.model.vocabulary import INTERNAL, PUBLIC
from sufficiency.outputs import style

if TYPE_CHECKING:
    from sufficiency.app.doors import Doors
    from sufficiency.app.engine import Engine
    from sufficiency.app.sessions import Sessions

__all__ = ["build"]

COOKIE: Final = "what_if_desk"
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
# the first answer of another year takes some seconds, and longer while others are answered
_FIRST_ANSWER_S: Final = 60.0
_YEAR_S: Final = 365 * 24 * 3600
_HERE: Final = Path(__file__).parent
_LEAFLET_CSS: Final = Path(nicegui.__file__).parent / "elements" / "leaflet" / "dist" / "leaflet" / "leaflet.css"


def build(
    engine: Engine, sessions: Sessions, doors: Doors, *, build: str = PUBLIC, threads: Threads | None = None
) -> None:
    """Register the page at ``/``, and the ground that its maps are drawn on.

    Parameters
    ----------
    engine
        The county made ready, shared by all windows.
    sessions
        The desks.
    doors
        What the page may ask of the world outside it.
    build
        ``public``: figures of a few pupils are hidden; ``internal``: none are, and no browser keeps anything.
    threads
        The threads for what takes long; None = those of the headlines.
    """
    inputs = engine.inputs
    title = against_title(engine)
    ground = ground_of(inputs, engine.against, engine.years, build)
    scales, town = scales_of(engine, ground, build), Town(inputs, engine.applied)
    shared = Shared(engine, doors, build, ground, scales, town, title, threads or Threads())
    downloads: dict[str, tuple[str, bytes]] = {}
    keep = "no-store" if build == INTERNAL else f"private, max-age={_YEAR_S}, immutable"

    @app.get(f"/ground/{ground.digest}.json")
    def _ground() -> Response:
        head = {"Content-Encoding": "gzip", "Cache-Control": keep}
        return Response(ground.packed, media_type="application/json", headers=head)

    @app.get("/papers/{key}")
    def _papers(key: str) -> Response:
        if key not in downloads:
            return Response(status_code=404)
        name, packed = downloads[key]
        head = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(packed, media_type="application/zip", headers=head)

    app.add_static_file(local_file=_LEAFLET_CSS, url_path="/leaflet.css")
    css = (_HERE / "page.css").read_text("utf-8")
    name = f"What if? Places for pupils in {inputs.parameters.area_name}"

    @ui.page("/", title=name, response_timeout=_FIRST_ANSWER_S)
    async def _index(request: Request) -> Response | None:
        desk = request.query_params.get("desk", "")
        if not _KEY.fullmatch(desk):
            kept = request.cookies.get(COOKIE, "")
            desk = kept if _KEY.fullmatch(kept) and desk != "new" else secrets.token_urlsafe(18)
            answer = RedirectResponse(f"/?desk={desk}", status_code=303)
            answer.set_cookie(COOKIE, desk, max_age=_YEAR_S, httponly=True, samesite="strict")
            return answer
        ui.add_head_html('<link rel="stylesheet" href="/leaflet.css">')
        ui.add_css(css)
        bar = {
            "title": name,
            "mark": "Illustrative" if inputs.parameters.illustrative else "",
            "beneath": f"Compared with “{title}”. For use inside the council.",
            "internal": build == INTERNAL,
            "busy": False,
        }
        window = Hands(shared, sessions.open(desk), lay_out(bar, style.CARE_NOTE), downloads)
        ui.context.client.on_delete(window.gone)
        _first(window, shared)
        await window.begin()
        return None


def _first(window: Hands, shared: Shared) -> None:
    """Tell the parts what does not change, and what they show before they are told more."""
    parts, empty = window.parts, dict[str, Any](sites=[], sitesNote="", sitesBusy=False)
    parts.look.tell(
        looks=[{"value": one, "label": look.title} for one, look in LOOKS.items()],
        levels=[{"value": one, "label": LEVEL_TITLES[one]} for one in shared.ground.levels],
    )
    parts.suggest.tell(**empty, found=None, foundNote="", foundBusy=False)
    parts.gains.tell(gains=[], note="")
    parts.more.tell(unlock=None, unlockNote="", futures=None, futuresNote="", futuresBusy=False)
    attribution = shared.engine.inputs.roads.attribution
    only = "This page is for use inside the council. Only the papers pass the whole disclosure control."
    how = "Best use of places: most pupils placed, then least travel: the theoretical best, not a forecast."
    parts.notes.tell(lines=[only, how, *style.sources(attribution)])


def against_title(engine: Engine) -> str:
    """Return the title of the scenario compared with."""
    known = engine.inputs.scenarios[engine.against]
    return style.scenario_title(engine.against) if engine.against in style.SCENARIO_TITLES else known.title
