"""URNs and LAESTAB numbers of schools' files, repaired where that is certain and refused where it is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.sources.cells import CellFault
from sufficiency.sources.public.gias_cells import ESTABLISHMENT_DIGITS, LAESTAB_DIGITS, URN_DIGITS, whole_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.sources.public.gias_cells import Cells

__all__ = ["la_codes_of", "laestabs_of", "urns_of"]

LOST: Final = "URN in scientific notation with digits lost"
MISSING: Final = "URN missing"
NOT_ONE: Final = "not a URN"


def urns_of(
    cells: Cells, laestabs: Sequence[str], days: Sequence[str], register: pd.DataFrame | None, *, name: str = "urn"
) -> tuple[NDArray[np.object_], dict[str, int]]:
    """Return the URN of each row, blank where the row is refused, and the refused rows by reason.

    Parameters
    ----------
    cells
        The file.
    laestabs
        LAESTAB number of each row, blank where there is none.
    days
        The day (ISO) on which the school of each row was open; blank = not known.
    register
        Schools as `read_gias` gives them, by whose LAESTAB numbers a URN that lost digits is repaired: only if one
        school alone has the number on that day, and if its URN is what the file's number rounds.
    name
        The column of URNs.
    """
    ids, how = cells.ids(name, URN_DIGITS)
    urns, ways = np.array(ids, dtype=object), np.array(how, dtype=object)
    texts = cells.table.get(name)
    lost = np.flatnonzero((ways == "scientific") & (urns == ""))
    for at in lost:
        urns[at] = _from_register(str(texts[at]), laestabs[int(at)], days[int(at)], register)
    cells.note("URN in scientific notation, repaired from LAESTAB", int((urns[lost] != "").sum()))
    lost = lost[urns[lost] == ""]
    without = "no other GIAS file was given to look LAESTAB up in"
    why = without if register is None else "LAESTAB does not give it for certain"
    fix = "set the column to text and export it again, or read the file together with a GIAS file and LAESTAB"
    cells.report(name, lost, lambda text: CellFault("id_digits_lost", "error", f"{text!r} lost digits; {why}", fix))
    missing, wrong = np.flatnonzero(ways == "blank"), np.flatnonzero(ways == "not_an_id")
    cells.report(name, missing, CellFault("blank", "error", "the URN is missing", "state the URN of the school"))
    cells.report(
        name,
        wrong,
        lambda text: CellFault("not_a_urn", "error", f"{text[:60]!r} is not a URN", "write its six digits"),
    )
    refused = {LOST: len(lost), MISSING: len(missing), NOT_ONE: len(wrong)}
    return urns, {reason: rows for reason, rows in refused.items() if rows}


def _from_register(text: str, laestab: str, day: str, register: pd.DataFrame | None) -> str:
    """Return the URN that a number such as 1e+05 was, if LAESTAB gives one alone; blank otherwise."""
    if register is None or not laestab:
        return ""
    same = register[register["laestab"] == laestab]
    if day and len(same) > 1:
        opened = (same["open_date"] == "") | (same["open_date"] <= day)
        closed = (same["close_date"] != "") & (same["close_date"] < day)
        closed |= (same["close_date"] == "") & (same["status"] == "closed")
        same = same[opened & ~closed & (same["status"] != "proposed")]
    places = len(re.sub(r"^\d\.?|e.*$", "", text, flags=re.IGNORECASE))
    urns = [urn for urn in same["urn"] if float(f"{int(urn):.{places}e}") == float(text)]
    return str(urns[0]) if len(urns) == 1 and len(same) == 1 else ""


def la_codes_of(cells: Cells) -> list[str]:
    """Return the three-digit code of each row's local authority; blank where there is none (reported when odd)."""
    ids, how = cells.ids("la_code", 3)
    if cells.has("la_code"):
        odd = np.flatnonzero(np.array(how, dtype=object) == "not_an_id")
        fix = "write the three digits of the code, such as 931"
        cells.report(
            "la_code", odd, CellFault("not_an_la_code", "warning", "this is not a local authority's code", fix)
        )
    return ids


def laestabs_of(cells: Cells, la_codes: Sequence[str]) -> list[str]:
    """Return the seven digits of LAESTAB: as the file has them, else made of authority and establishment number.

    An establishment number in scientific notation that lost digits is repaired from the column LAESTAB if there is
    one, and reported if there is none.
    """
    written = [whole_id(re.sub(r"[\s/-]", "", str(text)), LAESTAB_DIGITS)[0] for text in cells.table.get("laestab")]
    numbers, how = cells.ids("establishment_number", ESTABLISHMENT_DIGITS)
    made = [la + number if la and number else "" for la, number in zip(la_codes, numbers, strict=True)]
    ways, has = np.array(how, dtype=object), np.array([bool(text) for text in written], dtype=bool)
    if cells.has("establishment_number"):
        lost = (ways == "scientific") & (np.array(numbers, dtype=object) == "")
        cells.note("establishment number in scientific notation, repaired from LAESTAB", int((lost & has).sum()))
        fix = "set the column to text and export it again, or keep the column LAESTAB"
        fault = CellFault("id_digits_lost", "error", "the establishment number lost digits", fix)
        cells.report("establishment_number", np.flatnonzero(lost & ~has), fault)
        odd = np.flatnonzero((ways == "not_an_id") & ~has)
        fault = CellFault("not_an_id", "warning", "this is not an establishment number", "write its four digits")
        cells.report("establishment_number", odd, fault)
    pairs = zip(written, made, strict=True)
    differ = np.array([bool(left and right) and left != right for left, right in pairs], dtype=bool)
    fix = "check which of LAESTAB and the establishment number is right; LAESTAB is used"
    fault = CellFault("laestab_differs", "warning", "LAESTAB and the establishment number differ", fix)
    cells.report("laestab", np.flatnonzero(differ), fault)
    found = [left or right for left, right in zip(written, made, strict=True)]
    cells.note("without a LAESTAB number", sum(not one for one in found))
    return found
