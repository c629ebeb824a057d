"""What the map page is made of besides data: Leaflet's own files, our templates, and the one place that escapes.

Leaflet comes from the XStatic-Leaflet package and is checked against the digests below, so that a page never
carries a script that was not reviewed.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import re
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from sufficiency.model.errors import DataError

PACKAGE: Final = "XStatic-Leaflet"
DIGESTS: Final[dict[str, str]] = {
    "leaflet.js": "5819285cec137b229c94e1ee5ad73e8b6b84345a4367d60f75fe477fe0fb7b03",
    "leaflet.css": "90b693d86392a4779c861b28cf307e7e59c3fb35328c4d8b95f58f814d38c722",
    "images/layers.png": "1dbbe9d028e292f36fcba8f8b3a28d5e8932754fc2215b9ac69e4cdecf5107c6",
    "images/layers-2x.png": "066daca850d8ffbef007af00b06eac0015728dee279c51f3cb6c716df7c42edf",
    "images/marker-icon.png": "574c3a5cca85f4114085b6841596d62f00d7c892c7b03f28cbfa301deb1dc437",
}
SCRIPT_PARTS: Final = (
    "map_state.js",
    "map_words.js",
    "map_layers.js",
    "map_reach.js",
    "map_flows.js",
    "map_symbols.js",
    "map_labels.js",
    "map_panel.js",
    "map_table.js",
    "map_schemes.js",
    "map_search.js",
    "map_page.js",
)
_LINK_HOME: Final = 'href="https://leafletjs.com"'


@lru_cache(maxsize=1)
def _leaflet_files() -> dict[str, Path]:
    files = importlib.metadata.files(PACKAGE) or []
    found = {}
    for entry in files:
        _, data, name = entry.as_posix().partition("/leaflet/data/")
        if data and name in DIGESTS:
            found[name] = Path(str(entry.locate()))
    return found


def _leaflet_bytes(name: str) -> bytes:
    path = _leaflet_files().get(name)
    if path is None or not path.is_file():
        message = f"{name} is missing from the installed package {PACKAGE}: install it again"
        raise DataError(message)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != DIGESTS[name]:
        message = f"{name} of the installed package {PACKAGE} is not the reviewed file (its digest differs)"
        raise DataError(message)
    return content


def _leaflet_text(name: str) -> str:
    # A browser reads CR LF as LF before it takes the digest that the security policy names.
    return _leaflet_bytes(name).decode("utf-8").replace("\r\n", "\n")


def leaflet_script() -> str:
    """Return Leaflet's script, without its source-map line and the link of its default attribution.

    Raises
    ------
    DataError
        When the installed file is missing or is not the reviewed one.
    """
    text = _leaflet_text("leaflet.js")
    text = re.sub(r"\n?//# sourceMappingURL=.*\s*$", "\n", text)
    return text.replace(_LINK_HOME, 'href="#"')


def leaflet_style() -> str:
    """Return Leaflet's style sheet with its images as data, so that nothing is fetched.

    Raises
    ------
    DataError
        When an installed file is missing or is not the reviewed one.
    """
    text = _leaflet_text("leaflet.css")
    text = re.sub(r"\s*behavior: url\(#default#VML\);", "", text)

    def embed(match: re.Match[str]) -> str:
        encoded = base64.b64encode(_leaflet_bytes(match.group(1))).decode("ascii")
        return f"url(data:image/png;base64,{encoded})"

    return re.sub(r"url\((images/[a-z0-9-]+\.png)\)", embed, text)


def template_text(name: str) -> str:
    """Return one of the package's templates as text with plain line ends."""
    source = resources.files("sufficiency.outputs").joinpath("templates", name)
    return source.read_text(encoding="utf-8").replace("\r\n", "\n")


def page_script(*more: str) -> str:
    """Return the page's own script: the parts in order, in one scope, then those of layers that not every map has."""
    body = "\n".join(template_text(name) for name in (*SCRIPT_PARTS, *more))
    return f'"use strict";\nconst sufficiency = (function () {{\n{body}\nreturn {{ start }};\n}})();\n'


def json_for_script(value: object) -> str:
    """Return JSON that can stand in a script element: no character in it can end the element or start a comment.

    Raises
    ------
    ValueError
        When a number is not finite, which JSON cannot carry.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escaped in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(character, escaped)
    return text


def _hash_source(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def render_page(
    values: dict[str, Any],
    data: object,
    scripts: list[str],
    styles: list[str],
    map_html: str,
    *,
    template_name: str = "map.html.j2",
    picture_host: str = "",
) -> str:
    """Return the page: our template, everything inlined, all other text escaped by the template.

    Parameters
    ----------
    values
        Plain text and lists for the template; escaped there.
    data
        What the page's script reads; JSON in a script element that the browser does not run.
    scripts, styles
        Whole scripts and style sheets, in order; each is named by its digest in the content security policy.
    map_html
        The element that holds the map, as folium renders it.
    template_name
        The page's template.
    picture_host
        The one host that pictures may be asked from; empty = none.
    """
    for script in scripts:
        if re.search(r"</script|<!--", script, flags=re.IGNORECASE):
            message = "a script of the map page contains the end of a script element"
            raise DataError(message)
    policy = "; ".join(
        [
            "default-src 'none'",
            "script-src " + " ".join(_hash_source(script) for script in scripts),
            "style-src " + " ".join(_hash_source(style) for style in styles),
            f"img-src data: https://{picture_host}" if picture_host else "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.from_string(template_text(template_name))
    return template.render(
        **values,
        policy=policy,
        data=Markup(json_for_script(data)),  # noqa: S704 - escaped for its place
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - ours, named in the policy
        styles=[Markup(style) for style in styles],  # noqa: S704 - as above
        map_html=Markup(map_html),  # noqa: S704 - one element without text
    )
