"""Whether the sums of the EHC plans release close: totals against their parts, breakdowns against all plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.issues import Issue
from sufficiency.sources.public.ehc_labels import PLACEMENT_OF_LABEL, TOTAL_LABELS, placement_of_label
from sufficiency.sources.public.release import MOST_NAMED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sufficiency.sources.public.release import Numbers
    from sufficiency.sources.public.text_table import TextTable

__all__ = ["MAIN_ITEM", "check_closure"]

# The count that each file breaks down; the first that the file has.
MAIN_ITEM: Final[dict[str, tuple[str, ...]]] = {
    "caseload": ("ehcplans", "ehc_plans"),
    "new plans": ("new_ehc_plans",),
    "ceased plans": ("total_ceased",),
    "requests": ("requests_received_in_year",),
    "residential settings": ("res_tot",),
    "needs": ("ehc_plans", "ehcplans"),
}
# Resourced provision and units stand beside the plain columns, not inside them, so all of them are parts.
_TOTALS: Final[dict[str, str]] = {
    "mainstream_total": "mainstream_",
    "special_total": "special_",
    "ap_pru_total": "ap_pru_",
}
_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "fe_total": ("general_fe_tertiary_colleges", "specialist_post_16_institutions", "ukrlp_provider"),
    "ed_elsewhere": (
        "elective_home_education",
        "other_arrangements_la",
        "other_arrangements_parents",
        "online_provider",
        "w_settings",
        "other_schools",
        "other_placement_settings",
        "neet",
        "neet_ntci",
        "neet_other",
        "neet_other_csa",
    ),
}
_WHOLE: Final = (
    "mainstream_total",
    "special_total",
    "ap_pru_total",
    "fe_total",
    "ed_elsewhere",
    "nm_early_years",
    "placement_unknown",
)
# Asked for until 2022 only, and part of all plans then.
_WHOLE_UNTIL_2022: Final = ("await_prov_2022", "perm_ex_2022")
# Inside "educated elsewhere" in the newer years; beside it, as a part of all plans, in the older ones.
_MOVED: Final = "other_placement_settings"
_CEASED: Final = (
    "max_age",
    "needs_met",
    "he",
    "employ",
    "transfer",
    "no_engage",
    "moved_outside_eng",
    "deceased",
    "not_rec",
    "other",
)
_REQUESTS: Final = (
    "requests_decided_to_assess",
    "requests_decided_not_to_assess",
    "requests_decision_not_made",
    "requests_withdrawn",
)
_PLACEMENT_TOPIC: Final = "type of placement"
_CLOSE: Final = 0.5
_FIX: Final = "look whether rows or columns of the release were changed or left out, and read on with care"


@dataclass(frozen=True)
class _Checks:
    """The rows of one file, and where its faults go."""

    table: TextTable
    rows: pd.DataFrame
    numbers: Mapping[str, Numbers]
    keep: NDArray[np.bool_]
    issues: list[Issue]
    kind: str

    def value(self, item: str) -> NDArray[np.float64]:
        return self.numbers[item].values

    def say(self, item: str, fault: tuple[str, str, str, str], row: int | None = None, value: str = "") -> None:
        check, severity, message, fix = fault
        self.issues.append(Issue(self.table.file, row, self.kind, "", item, value, check, severity, message[:600], fix))

    def beside(self) -> NDArray[np.float64]:
        """Return the other placement settings that stand beside "educated elsewhere", as the row's own sums show."""
        nothing = np.zeros(len(self.table))
        if _MOVED not in self.numbers or "ed_elsewhere" not in self.numbers:
            return nothing
        inside = [part for part in _PARTS["ed_elsewhere"] if part in self.numbers and part != _MOVED]
        without = np.nansum([self.value(part) for part in inside], axis=0) if inside else nothing
        return np.where(without == self.value("ed_elsewhere"), np.nan_to_num(self.value(_MOVED)), 0.0)

    def parts_close(
        self, total: str, parts: list[str], while_asked: tuple[str, ...] = (), more: NDArray[np.float64] | None = None
    ) -> None:
        """Report each row whose parts (and ``more``) do not sum to its total; parts that are missing are said once."""
        parts = [part for part in parts if part in self.numbers]
        if total not in self.numbers or not parts:
            return
        known = np.array([self.value(part) for part in parts])
        summed = np.nansum(known, axis=0) + (0 if more is None else more)
        for part in while_asked:
            if part in self.numbers:
                summed = summed + np.nan_to_num(self.value(part))
        stated = self.value(total)
        whole = ~np.isnan(known).any(axis=0)
        wrong = np.where(whole, np.abs(summed - stated) > _CLOSE, summed > stated + _CLOSE)
        at = np.flatnonzero(self.keep & ~np.isnan(stated) & wrong)
        for i in at[:MOST_NAMED]:
            row = int(self.table.rows[i])
            message = f"{total} is stated as {stated[i]:g}; its parts sum to {summed[i]:g} ({self._named(i)})"
            self.say(total, ("total_open", "warning", message, _FIX), row, value=f"{stated[i]:g}")
        if len(at) > MOST_NAMED:
            message = f"{len(at) - MOST_NAMED:,} more rows: {total} is not the sum of its parts"
            self.say(total, ("total_open", "warning", message, _FIX))
        self._say_unchecked(total, self.keep & ~np.isnan(stated) & ~whole & ~wrong)

    def _named(self, i: int) -> str:
        row = self.rows.iloc[i]
        return f"{row['la_name'] or row['la_code']}, {row['year']}, {row['breakdown']}"

    def _say_unchecked(self, total: str, where: NDArray[np.bool_]) -> None:
        if where.any():
            years = ", ".join(str(year) for year in sorted(set(self.rows.loc[where, "year"])))
            message = f"{total} cannot be checked in {int(where.sum()):,} rows ({years}): parts of it are not given"
            fix = "nothing, if the release gives them as symbols"
            self.say(total, ("total_unchecked", "note", message, fix))

    def breakdowns_close(self, item: str) -> None:
        """Report each breakdown (age, sex and so on) whose groups do not sum to all plans of the year."""
        kept = self.rows[self.keep].assign(value=self.value(item)[self.keep])
        topic = kept["topic"].str.casefold()
        whole = topic == kept["breakdown"].str.casefold()
        stated = kept[whole].groupby(["la_code", "year"])["value"].first()
        parted = kept[~whole & (topic != _PLACEMENT_TOPIC)]
        sums = parted.groupby(["la_code", "year", "topic"], sort=True)["value"].agg(["sum", "count", "size"])
        unchecked: set[str] = set()
        for key, found in zip(sums.index.tolist(), sums.to_dict("records"), strict=True):
            la_code, year, name = key
            total = float(stated.get((la_code, year), np.nan))
            if np.isnan(total) or (found["count"] < found["size"] and found["sum"] <= total + _CLOSE):
                unchecked.add(f"{name} ({year})")
            elif abs(found["sum"] - total) > _CLOSE:
                message = f"{item} of {la_code} in {year} is {total:g}; summed over {name!r} it is {found['sum']:g}"
                self.say(item, ("breakdown_open", "warning", message, _FIX), value=f"{total:g}")
        if unchecked:
            names = "; ".join(sorted(unchecked)[:MOST_NAMED])
            message = f"{len(unchecked)} breakdowns cannot be checked against all plans: {names}"
            self.say(item, ("total_unchecked", "note", message, "keep the row of all plans beside them"))

    def placements_close(self, items: list[str]) -> None:
        """Report each placement total that its groups do not sum to, and names of placements that are not known."""
        kept = self.rows[self.keep]
        kept = kept[kept["topic"].str.casefold() == _PLACEMENT_TOPIC]
        labels = kept["breakdown"].str.casefold()
        strange = sorted(set(kept.loc[[placement_of_label(x) is None for x in labels], "breakdown"]))
        for label in strange[:MOST_NAMED]:
            message = f"the placement {label[:80]!r} is not one that this reader knows; it is kept but in no total"
            fix = f"compare with: {', '.join(PLACEMENT_OF_LABEL)}"
            self.say("breakdown", ("placement_unknown", "warning", message, fix), value=label[:60])
        if kept.empty:
            return
        values = pd.DataFrame({item: self.value(item)[kept.index] for item in items}, index=kept.index)
        key = [kept["la_code"], kept["year"]]
        for total, prefix in TOTAL_LABELS.items():
            part = labels.str.startswith(prefix) & (labels != total)
            # A part that is missing makes its sum missing, which cannot be compared.
            known = values.where(part, 0.0)
            sums = known.groupby(key).sum().mask(known.isna().groupby(key).any())
            stated = values[labels == total].groupby([one[labels == total] for one in key]).first()
            apart = (sums.reindex(stated.index) - stated).abs() > _CLOSE
            for row, column in zip(*np.nonzero(apart.to_numpy()), strict=True):
                at, item = stated.index[row], items[column]
                value, summed = float(stated.loc[at, item]), float(sums.loc[at, item])
                message = f"{item} of {total!r} in {at[1]} is {value:g}; its parts sum to {summed:g}"
                self.say(item, ("total_open", "warning", message, _FIX), value=f"{value:g}")


def check_closure(
    table: TextTable,
    rows: pd.DataFrame,
    numbers: Mapping[str, Numbers],
    keep: NDArray[np.bool_],
    issues: list[Issue],
    *,
    which: str,
    kind: str,
) -> None:
    """Append a warning for each sum of a file that does not close, naming what is stated and what is summed."""
    checks = _Checks(table, rows, numbers, keep, issues, kind)
    main = next((item for item in MAIN_ITEM[which] if item in numbers), None)
    counts = [name for name in numbers if not name.endswith("_pc")]
    if which in {"caseload", "new plans"}:
        for total, prefix in _TOTALS.items():
            checks.parts_close(total, [name for name in counts if name.startswith(prefix) and name != total])
        beside = checks.beside()
        checks.parts_close("fe_total", list(_PARTS["fe_total"]))
        checks.parts_close("ed_elsewhere", list(_PARTS["ed_elsewhere"]), more=-beside)
        if main is not None:
            checks.parts_close(main, list(_WHOLE), _WHOLE_UNTIL_2022, more=beside)
    elif main is not None:
        parts = {
            "needs": [name for name in counts if name.startswith("number_")],
            "ceased plans": list(_CEASED),
            "requests": list(_REQUESTS),
            "residential settings": [name for name in counts if name.startswith("res_") and name != main],
        }[which]
        checks.parts_close(main, parts)
    if main is not None:
        checks.breakdowns_close(main)
        if which in {"needs", "residential settings", "ceased plans"}:
            checks.placements_close([name for name in counts if name == main or name.startswith("number_")])
