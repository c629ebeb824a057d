"""The register of schools' codes: types of establishment, statuses, and the words that files write for needs.

Types and statuses are those of Get Information about Schools (GIAS); what this project makes of a type is written in
one line of `TYPES`. Names are compared without case, marks and the word "to", since vintages and analysts differ there.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from sufficiency.model.vocabulary import NEED_NAMES, NEEDS

__all__ = [
    "KINDS",
    "SPECIAL_KINDS",
    "STATUSES",
    "STATUS_NAMES",
    "TYPES",
    "WELSH_TYPE",
    "EstablishmentType",
    "need_code",
    "plain_name",
    "type_code_of",
]

KINDS: Final = (
    "special_school",
    "non_maintained_special",
    "independent_special",
    "mainstream",
    "alternative_provision",
    "further_education",
    "specialist_post_16",
    "nursery",
    "independent",
    "online",
    "other",
)
SPECIAL_KINDS: Final = frozenset({"special_school", "non_maintained_special", "independent_special"})
WELSH_TYPE: Final = "30"


class EstablishmentType(NamedTuple):
    """A type of establishment: its name, the kind it is here, and whose it is (blank where no sector fits)."""

    name: str
    kind: str
    sector: str


def _types(kind: str, sector: str, **named: str) -> dict[str, EstablishmentType]:
    return {code[1:]: EstablishmentType(name, kind, sector) for code, name in named.items()}


TYPES: Final[dict[str, EstablishmentType]] = {
    **_types(
        "mainstream",
        "state",
        _1="Community school",
        _2="Voluntary aided school",
        _3="Voluntary controlled school",
        _5="Foundation school",
        _6="City technology college",
        _28="Academy sponsor led",
        _34="Academy converter",
        _35="Free schools",
        _39="Free schools 16 to 19",
        _40="University technical college",
        _41="Studio schools",
        _45="Academy 16-19 converter",
        _46="Academy 16 to 19 sponsor led",
    ),
    **_types(
        "special_school",
        "state",
        _7="Community special school",
        _12="Foundation special school",
        _33="Academy special sponsor led",
        _36="Free schools special",
        _44="Academy special converter",
    ),
    **_types("non_maintained_special", "non_maintained", _8="Non-maintained special school"),
    **_types("independent_special", "independent", _10="Other independent special school"),
    **_types("independent", "independent", _11="Other independent school"),
    **_types(
        "alternative_provision",
        "state",
        _14="Pupil referral unit",
        _38="Free schools alternative provision",
        _42="Academy alternative provision converter",
        _43="Academy alternative provision sponsor led",
    ),
    **_types("nursery", "state", _15="Local authority nursery school"),
    **_types("further_education", "further_education", _18="Further education", _31="Sixth form centres"),
    **_types("specialist_post_16", "independent", _32="Special post 16 institution"),
    **_types("online", "independent", _49="Online provider"),
    **_types(
        "other",
        "",
        _24="Secure units",
        _25="Offshore schools",
        _26="Service children's education",
        _27="Miscellaneous",
        _29="Higher education institutions",
        _30="Welsh establishment",
        _37="British schools overseas",
        _47="Children's centre",
        _48="Children's centre linked site",
        _56="Institution funded by other government department",
        _57="Academy secure 16 to 19",
    ),
}

STATUSES: Final[dict[str, str]] = {"1": "open", "2": "closed", "3": "open_but_closing", "4": "proposed"}
STATUS_NAMES: Final[dict[str, str]] = {
    "open": "open",
    "closed": "closed",
    "open but proposed close": "open_but_closing",
    "open but closing": "open_but_closing",
    "proposed open": "proposed",
    "proposed": "proposed",
}

_WORDS_OF_NEEDS: Final[dict[str, str]] = {
    "specific learning difficulties": "SPLD",
    "moderate learning difficulties": "MLD",
    "severe learning difficulties": "SLD",
    "profound and multiple learning difficulties": "PMLD",
    "profound multiple learning difficulty": "PMLD",
    "social emotional and mental health needs": "SEMH",
    "speech language and communication needs": "SLCN",
    "speech language or communications needs": "SLCN",
    "visual impairment": "VI",
    "multisensory impairment": "MSI",
    "multi sensory impairments": "MSI",
    "autism": "ASD",
    "autistic spectrum disorders": "ASD",
    "other difficulty disability": "OTH",
    "other": "OTH",
    "sen support but no specialist assessment of type of need": "NSA",
    "no specialist assessment of type of need": "NSA",
    "down s syndrome": "DS",
}


def plain_name(text: str) -> str:
    """Return a name as names are compared: lower case words of letters and digits, without the word ``to``."""
    words = re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(word for word in words if word != "to")


_TYPE_CODES: Final[dict[str, str]] = {
    **{plain_name(one.name): code for code, one in TYPES.items()},
    # the singular, as some cuts write it
    **{plain_name(one.name.replace("schools", "school")): code for code, one in TYPES.items()},
    **{plain_name(one.name.replace("institutions", "institution")): code for code, one in TYPES.items()},
}
_NEED_OF_NAME: Final[dict[str, str]] = {
    **{plain_name(name): need for need, name in NEED_NAMES.items()},
    **{plain_name(name): need for name, need in _WORDS_OF_NEEDS.items()},
}


def type_code_of(name: str) -> str:
    """Return the code of a type of establishment by its name; blank when there is none of that name."""
    return _TYPE_CODES.get(plain_name(name), "")


def need_code(text: str) -> str | None:
    """Return the code of a need as files write it; blank when it says that there is none, None when it is unknown.

    ``"SpLD - Specific Learning Difficulty"``, ``"spld"`` and ``"Specific learning difficulty"`` are the same need.
    """
    plain = plain_name(text)
    if plain in {"", "not applicable", "none", "none recorded"}:
        return ""
    first = re.split(r"\s+[-–—]\s+|\s*[-–—:]\s+", text.strip(), maxsplit=1)[0].strip().upper()
    if first in NEEDS:
        return first
    return _NEED_OF_NAME.get(plain)
