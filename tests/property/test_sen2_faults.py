"""Laws of reading a SEN2 return that is damaged at random: nothing is lost unsaid, nobody comes out, nothing breaks."""

from __future__ import annotations

import pickle
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pandas as pd
from hypothesis import given, settings

from sufficiency.model.issues import issues_table
from sufficiency.sources.public.account import accounts_table
from sufficiency.sources.public.sen2 import caseload_of_sen2, pattern_of_sen2, read_sen2
from tests.sen2_export import COLUMNS, DATE, POSTCODES, SETTINGS, Export, born

if TYPE_CHECKING:
    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.sen2 import Sen2

CELLS = ("", "Zzcanary", "ZZ99 3VZ", "2015-Mar-17 00:00:00", "01/02/2015", "asd;semh", "1", "-1", "1e5", "true", "\u00e9,\"", "900001")  # fmt: skip  # noqa: E501 - a row of the table


def few() -> Export:
    export = Export()
    for number in range(12):
        export.person(
            born(number),
            urn=("900001", "900010", "900020")[number % 3],
            need=("ASD", "SEMH", "SLD")[number % 3],
            postcode=("ZX1 1AA", "ZX2 2AA", "ZZ99 3VZ")[number % 3],
            upn="Z999900000001" if number in {4, 5} else f"Z999{number:09d}",
        )
    export.person(plan=False)
    return export


def reading(export: Export) -> tuple[Sen2 | None, list[Issue]]:
    with tempfile.TemporaryDirectory() as folder:
        issues: list[Issue] = []
        found = read_sen2(export.write(Path(folder)), issues, postcodes=POSTCODES, settings=SETTINGS, key=b"k")
    return found, issues


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_cells_and_rows_damaged_at_random(seed: int) -> None:
    chance = random.Random(seed)
    export = few()
    canaries = export.canaries()
    for _ in range(chance.randint(1, 12)):
        module = chance.choice(list(COLUMNS))
        rows = export.rows[module]
        if not rows:
            continue
        row = chance.choice(rows)
        what = chance.choice(("cell", "cell", "cell", "drop", "repeat", "swap"))
        if what == "cell":
            row[chance.choice(COLUMNS[module].split())] = chance.choice(CELLS)
        elif what == "drop":
            rows.remove(row)
        elif what == "repeat":
            rows.append(dict(row))
        else:
            one, other = chance.sample(COLUMNS[module].split(), 2)
            row[one], row[other] = row.get(other, ""), row.get(one, "")
    found, issues = reading(export)
    said = [repr(issues), issues_table(issues).to_csv(), repr(found)]
    if found is None:
        assert any(issue.severity == "error" for issue in issues)
    else:
        accounts = {account.file: account for account in found.account}
        assert all(account.closes for account in accounts.values())
        persons = accounts[f"Blade-Export_{DATE}_person.csv"]
        assert persons.rows == len(export.rows["person"])
        assert persons.used == len(found.pupils) == found.totals["pupils"].sum()
        assert pattern_of_sen2(found)["pupils"].sum() == caseload_of_sen2(found)["pupils"].sum() == persons.used
        assert found.pupils["ncy"].between(-4, 20).all()
        said += [found.pupils.to_csv(), accounts_table(found.account).to_csv(), pickle.dumps(found).decode("latin-1")]
    text = "\n".join(said).casefold()
    assert not [canary for canary in canaries if canary.casefold() in text]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)
    export = few()
    plain, _ = reading(export)
    for rows in export.rows.values():
        chance.shuffle(rows)
    turned, _ = reading(export)
    assert plain is not None
    assert turned is not None
    # two rows share a pupil number but not the birth date, and both stay
    assert len(turned.pupils) == len(plain.pupils) == 12
    pd.testing.assert_frame_equal(turned.pupils, plain.pupils)
