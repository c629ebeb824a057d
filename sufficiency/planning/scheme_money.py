"""The money of one scenario against another, and of one scheme: three purses kept apart, and an economic view.

Every figure is a change: positive is a cost to the purse, negative a saving. No total across purses is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import pandas as pd

from sufficiency.measures.displacement import NET, START_UP, displacement, net_change
from sufficiency.measures.economic_view import ECONOMIC_SENTENCE, capital_buys, net_present_value, payback_years
from sufficiency.measures.financial_years import BANDS, capital_by_financial_year, financial_years
from sufficiency.measures.outcomes import every_answer
from sufficiency.measures.sufficiency import capacity_by_area
from sufficiency.measures.transport_money import MARGINAL, carbon_change, transport_change
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import HEADLINE, HEADLINE_TYPES
from sufficiency.planning.programme import capital_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import Assessment, Inputs

HIGH_NEEDS: Final = "high_needs_block"
TRANSPORT: Final = "general_fund_transport"
CAPITAL: Final = "capital"
# what a scenario moves out of independent places is shared over the types by all who gain a local place
_BEHIND: Final = ";".join(
    [f"{kind}:placed_local_pupils" for kind in (HEADLINE, *HEADLINE_TYPES)] + [f"{HEADLINE}:independent_pupils"]
)
# where room is ignored, nobody pays for who goes where
_NOT_PLACED: Final = "nearest"
_KEY: Final = ["policy", "year", "provision_type"]
_COLUMNS: Final = ["scenario_id", "against_id", "policy", "year", "purse", "item", *BANDS, "note", "behind"]
_ECONOMIC: Final = ["case", "npv_gbp", "payback_years", "discount_rate_share", "appraisal_years", "note"]


class Placed(Protocol):
    """What the money of a scenario rests on: an assessment has it, and so has a single year of one."""

    @property
    def scenario_id(self) -> str: ...  # noqa: D102 - as `Assessment` has it
    @property
    def inputs(self) -> Inputs: ...  # noqa: D102 - as `Assessment` has it
    @property
    def outcomes(self) -> pd.DataFrame: ...  # noqa: D102 - as `Assessment` has it
    @property
    def journeys(self) -> pd.DataFrame: ...  # noqa: D102 - as `Assessment` has it


def money_against(before: Placed, after: Placed) -> pd.DataFrame:
    """Return what a scenario changes in each purse against another.

    Parameters
    ----------
    before, after
        Assessments of the same area and policies; `before` is what it is set against.

    Returns
    -------
    DataFrame
        scenario_id, against_id, policy, year, purse, item, gbp_low, gbp_central, gbp_high, note, behind. Academic
        years; capital stands in its year of opening with a blank policy. `behind` names the published count whose
        change a figure is a multiple of, in either scenario. Items of transport are alternatives, not parts.

    Raises
    ------
    DataError
        When the two have different policies.
    """
    if set(before.outcomes["policy"]) != set(after.outcomes["policy"]):
        message = (
            f"the money of {after.scenario_id} cannot be set against {before.scenario_id}: they were run under "
            "different policies; run both under the same ones"
        )
        raise DataError(message)
    parameters = after.inputs.parameters
    needs = displacement(extra_places(before, after), parameters)
    needs = pd.concat([needs, net_change(needs)], ignore_index=True)
    needs = needs.assign(purse=HIGH_NEEDS, behind=_BEHIND)
    trips = [one.journeys[one.journeys["policy"] != _NOT_PLACED] for one in (before, after)]
    carried = transport_change(trips[0], trips[1], parameters).assign(purse=TRANSPORT)
    carried = carried[carried["year"] > parameters.calibration_year]
    parts = [part for part in (needs, carried, capital_against(before, after)) if len(part)]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(scenario_id=after.scenario_id, against_id=before.scenario_id)[_COLUMNS]


def carbon_against(before: Assessment, after: Assessment) -> pd.DataFrame:
    """Return `carbon_change` of two scenarios, with scenario_id and against_id; policy `nearest` is left out."""
    trips = [one.journeys[one.journeys["policy"] != _NOT_PLACED] for one in (before, after)]
    table = carbon_change(trips[0], trips[1], after.inputs.parameters)
    table = table[table["year"] > after.inputs.parameters.calibration_year]
    table = table.assign(scenario_id=after.scenario_id, against_id=before.scenario_id)
    front = ["scenario_id", "against_id"]
    return table[[*front, *(name for name in table.columns if name not in front)]].reset_index(drop=True)


def extra_places(before: Placed, after: Placed) -> pd.DataFrame:
    """Return the extra local pupils and places by policy, year and type, as `displacement` takes them.

    Returns
    -------
    DataFrame
        policy (but `nearest`, which ignores room), year (after the calibration year), provision_type, pupils (by the
        type sought), moved_pupils (the fewer in independent places, at most all who gain a local one, over the types
        as those are), places, new_places (more than in any year before).
    """
    index = pd.MultiIndex.from_frame(every_answer(after.outcomes, provision_type=HEADLINE_TYPES))
    pupils, fewer = (_placed(after, tier, index) - _placed(before, tier, index) for tier in ("local", "independent"))
    totals = [one.groupby(level=["policy", "year"]).transform("sum") for one in (pupils, fewer)]
    share = (-totals[1] / totals[0].where(totals[0] != 0)).fillna(0.0).clip(0.0, 1.0)
    places = _local_places(after).sub(_local_places(before), fill_value=0).sort_index()
    by_type = places.groupby(level="provision_type")
    most, least = by_type.cummax().clip(lower=0), by_type.cummin().clip(upper=0)
    stock = pd.DataFrame({"places": places, "new_places": _steps(most) + _steps(least)})
    out = pd.DataFrame({"pupils": pupils, "moved_pupils": pupils * share}).reset_index()
    out = out.merge(stock.reset_index(), on=["year", "provision_type"], how="left")
    out = out.fillna({"places": 0, "new_places": 0})
    modelled = out["year"] > after.inputs.parameters.calibration_year
    return out[modelled & (out["policy"] != _NOT_PLACED)].reset_index(drop=True)


def _steps(stock: pd.Series) -> pd.Series:
    """Return what each type has more than the year before; in the first year, all."""
    return stock.groupby(level="provision_type").diff().fillna(stock)


def _placed(assessment: Placed, tier: str, index: pd.MultiIndex) -> pd.Series:
    rows = assessment.outcomes
    rows = rows[rows["headline"] & (rows["outcome"] == tier)].rename(columns={"place_sought": "provision_type"})
    return rows.groupby(_KEY)["pupils"].sum().reindex(index, fill_value=0)


def _local_places(assessment: Placed) -> pd.Series:
    inputs = assessment.inputs
    county = inputs.parameters.county_id
    table = capacity_by_area(inputs.places, inputs.provision, inputs.settings, county)
    table = table[(table["area_id"] == county) & table["provision_type"].isin(HEADLINE_TYPES)]
    return table.set_index(["year", "provision_type"])["capacity_places"]


def capital_against(before: Placed, after: Placed) -> pd.DataFrame:
    """Return the capital of one scenario less that of another, by funding line (with its status) and opening year."""
    two = [capital_of(one.inputs, one.scenario_id) for one in (before, after)]
    signed = [part.assign(**{b: part[b] * sign for b in BANDS}) for part, sign in zip(two, (-1, 1), strict=True)]
    signed = [part for part in signed if len(part)]
    if not signed:
        return pd.DataFrame(columns=[*_COLUMNS[2:]])
    key = ["policy", "year", "purse", "item", "note", "behind"]
    out = pd.concat(signed, ignore_index=True).groupby(key, as_index=False)[list(BANDS)].sum()
    return pd.DataFrame(out[(out[list(BANDS)] != 0).any(axis=1)])


def money_by_financial_year(against: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return `money_against` by financial year (April to March): flows split 7/12 and 5/12, capital as it is spent.

    Returns
    -------
    DataFrame
        Its columns with financial_year (the April that it starts) for year. Each item's pence add up as before.
    """
    capital = against["purse"] == CAPITAL
    spent = capital_by_financial_year(
        pd.DataFrame(against[capital]), float(parameters.value("capital_before_opening_share"))
    )
    return pd.concat([financial_years(pd.DataFrame(against[~capital])), spent], ignore_index=True)


def economics_against(against: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the economic view of one scenario against another, by policy. It is no purse.

    Parameters
    ----------
    against
        Output of `money_against`.
    parameters
        ``discount_rate_share``, ``appraisal_years`` and ``capital_before_opening_share``.

    Returns
    -------
    DataFrame
        scenario_id, against_id, policy, case (low, central, high), first_year, appraisal_years, discount_rate_share,
        sum_gbp (not discounted), npv_gbp (positive = cost), payback_years (missing where never), note. Flows are the
        net change of the high needs block, transport on the marginal basis, and capital as it is spent; every year
        after the last modelled one is as that, without start-up.
    """
    years, rate = int(parameters.value("appraisal_years")), float(parameters.value("discount_rate_share"))
    share = float(parameters.value("capital_before_opening_share"))
    capital = capital_by_financial_year(pd.DataFrame(against[against["purse"] == CAPITAL]), share)
    spent = capital.groupby("financial_year")[list(BANDS)].sum()
    spent = spent[(spent != 0).any(axis=1)]
    rows = []
    key = ["scenario_id", "against_id", "policy"]
    for (scenario_id, against_id, policy), mine in against[against["purse"] != CAPITAL].groupby(key):
        running = mine[mine["item"].isin([NET, MARGINAL])].groupby("year")[list(BANDS)].sum()
        once = mine[mine["item"].str.endswith(START_UP)].groupby("year")[list(BANDS)].sum()
        last = int(running.index.max())
        first = int(min([*running.index[(running != 0).any(axis=1)], *spent.index], default=last))
        for case, band in zip(("low", "central", "high"), BANDS, strict=True):
            later = float(running.at[last, band] - once[band].get(last, 0.0))
            path = [
                float(spent[band].get(year, 0.0)) + (later if year > last else float(running[band].get(year, 0.0)))
                for year in range(first, first + years)
            ]
            found = (sum(path), net_present_value(path, rate), payback_years(path))
            rows.append((scenario_id, against_id, policy, case, first, years, rate, *found, ECONOMIC_SENTENCE))
    columns = [
        *key, "case", "first_year", "appraisal_years", "discount_rate_share", "sum_gbp", "npv_gbp", "payback_years",
        "note",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"payback_years": "Int64"})


def bases_capital_buys(inputs: Inputs) -> pd.DataFrame:
    """Return how many of the programme's base places the capital for bases buys: all, and those not yet committed."""
    kind = inputs.schemes.set_index("scheme_id")["provision_type"]
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"].map(kind) == "specialist_base"]
    complete = stock[stock["year"] == stock.groupby("scheme_id")["year"].transform("max")]
    places = complete.groupby("scheme_id")["places"].sum()
    held = {
        name: set(inputs.scenarios[name].scheme_ids) if name in inputs.scenarios else set()
        for name in ("programme", "committed")
    }
    new = places[places.index.isin(held["programme"])]
    left = new[~new.index.isin(held["committed"])]
    wanted = {"All new base places": int(new.sum()), "Those not yet committed": int(left.sum())}
    return capital_buys(inputs.parameters, wanted)


def scheme_economics(
    capital_gbp: Mapping[str, float],
    extra_pupils: pd.DataFrame,
    parameters: Parameters,
    *,
    opening_year: int,
) -> pd.DataFrame:
    """Return the economic view of one scheme: net present value and payback. It is no purse.

    Parameters
    ----------
    capital_gbp
        low, central and high cost, paid at the start.
    extra_pupils
        As `displacement` takes it; one policy. Its last year is carried on, without new places, to the end of the
        appraisal.
    parameters
        ``discount_rate_share``, ``appraisal_years`` and the assumptions of displacement.
    opening_year
        The year of the first flow.

    Returns
    -------
    DataFrame
        case (low, central, high), npv_gbp (positive = cost), payback_years (missing where never), the rate and years,
        and the sentence that must stand with it. Low puts low capital beside the saving end; high the opposite.
    """
    years, rate = int(parameters.value("appraisal_years")), float(parameters.value("discount_rate_share"))
    flows = displacement(extra_pupils, parameters)
    by_year = flows.groupby("year")[list(BANDS)].sum()
    steady = displacement(
        extra_pupils[extra_pupils["year"] == extra_pupils["year"].max()].assign(new_places=0), parameters
    )
    rows = []
    for case, band in zip(("low", "central", "high"), BANDS, strict=True):
        later = float(steady[band].sum())
        last = max(by_year.index, default=opening_year)
        path = [
            float(by_year[band].get(year, 0.0)) if year <= last else later
            for year in range(opening_year, opening_year + years)
        ]
        path[0] += float(capital_gbp[case])
        paid = payback_years(path)
        rows.append((case, net_present_value(path, rate), paid, rate, years, ECONOMIC_SENTENCE))
    return pd.DataFrame(rows, columns=_ECONOMIC).astype({"payback_years": "Int64"})


def cost_effectiveness(
    capital_gbp: Mapping[str, float], extra_places: int, minutes_saved_one_way: float, parameters: Parameters
) -> pd.DataFrame:
    """Return capital a place, and a pupil-hour saved a year.

    Parameters
    ----------
    capital_gbp
        low, central and high.
    extra_places
        Places that the capital adds.
    minutes_saved_one_way
        Σ over day pupils of the one-way minutes saved; times ``journeys_per_day`` and ``school_days_per_year``.

    Returns
    -------
    DataFrame
        case, gbp_per_place, hours_saved_per_year, gbp_per_hour_saved_a_year; missing where no place is added or no
        time is saved.
    """
    per_year = float(parameters.value("journeys_per_day")) * float(parameters.value("school_days_per_year"))
    hours = minutes_saved_one_way / 60 * per_year
    rows = [
        (
            case,
            capital_gbp[case] / extra_places if extra_places > 0 else float("nan"),
            hours,
            capital_gbp[case] / hours if hours > 0 else float("nan"),
        )
        for case in ("low", "central", "high")
    ]
    return pd.DataFrame(rows, columns=["case", "gbp_per_place", "hours_saved_per_year", "gbp_per_hour_saved_a_year"])
