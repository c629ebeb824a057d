"""Where public files come from: the addresses of the services, how their names read, and what is taken from each.

The names of ONS services carry a year, which changes; so nothing here names one service, but the series it belongs to,
and the newest one of the service's own list is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ATTRIBUTION",
    "FILES",
    "GIAS_COLUMNS",
    "LINK_COLUMNS",
    "POSTCODE_COLUMNS",
    "SERIES",
    "SERVERS",
    "Series",
    "newest",
]

SERVERS: Final[Mapping[str, str]] = {
    "boundaries": "https://services1.arcgis.com/ESMARspQHYMw9BZ9/arcgis/rest/services",
    "schools": "https://ea-edubase-api-prod.azurewebsites.net/edubase/downloads/public",
    "postcodes": "https://api.os.uk/downloads/v1/products/CodePointOpen",
}
# The files that each kind is made of, in the order in which they are fetched.
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "boundaries": (
        "lad.geojson",
        "ward.geojson",
        "lsoa.geojson",
        "msoa.geojson",
        "lsoa_centroids.csv",
        "lsoa11_lsoa21.csv",
    ),
    "schools": ("gias.csv", "gias_links.csv"),
    "postcodes": ("postcodes.csv",),
}
ATTRIBUTION: Final[Mapping[str, str]] = {
    "boundaries": "Source: Office for National Statistics, Open Government Licence v3.0. "
    "Contains OS data © Crown copyright and database right.",
    "schools": "Source: Get Information about Schools, Department for Education, Open Government Licence v3.0.",
    "postcodes": "Code-Point Open, Open Government Licence v3.0. Contains OS data © Crown copyright and database "
    "right; contains Royal Mail data © Royal Mail copyright and database right; contains National Statistics data.",
}
POSTCODE_COLUMNS: Final = (
    "postcode", "pqi", "easting", "northing", "country", "nhs_rha", "nhs_ha", "county", "district", "ward",
)  # fmt: skip
_GIAS: Final = """
    URN; LA (code); LA (name); EstablishmentNumber; EstablishmentName; TypeOfEstablishment (code);
    TypeOfEstablishment (name); EstablishmentTypeGroup (code); EstablishmentTypeGroup (name);
    EstablishmentStatus (code); EstablishmentStatus (name); ReasonEstablishmentOpened (code);
    ReasonEstablishmentOpened (name); OpenDate; ReasonEstablishmentClosed (code); ReasonEstablishmentClosed (name);
    CloseDate; PhaseOfEducation (code); PhaseOfEducation (name); StatutoryLowAge; StatutoryHighAge; Boarders (code);
    Boarders (name); NurseryProvision (name); OfficialSixthForm (code); OfficialSixthForm (name); Gender (code);
    Gender (name); ReligiousCharacter (code); ReligiousCharacter (name); Diocese (code); Diocese (name);
    AdmissionsPolicy (code); AdmissionsPolicy (name); SchoolCapacity; SpecialClasses (code); SpecialClasses (name);
    CensusDate; NumberOfPupils; NumberOfBoys; NumberOfGirls; PercentageFSM; TrustSchoolFlag (code);
    TrustSchoolFlag (name); Trusts (code); Trusts (name); SchoolSponsorFlag (name); FederationFlag (name);
    Federations (code); Federations (name); UKPRN; FEHEIdentifier; FurtherEducationType (name); OfstedLastInsp;
    OfstedSpecialMeasures (code); OfstedSpecialMeasures (name); LastChangedDate; Street; Locality; Address3; Town;
    County (name); Postcode; SchoolWebsite; TeenMoth (name); TeenMothPlaces; CCF (name); SENPRU (name); EBD (name);
    PlacesPRU; FTProv (name); EdByOther (name); Section41Approved (name); SEN1 (name); SEN2 (name); SEN3 (name);
    SEN4 (name); SEN5 (name); SEN6 (name); SEN7 (name); SEN8 (name); SEN9 (name); SEN10 (name); SEN11 (name);
    SEN12 (name); SEN13 (name); TypeOfResourcedProvision (name); ResourcedProvisionOnRoll; ResourcedProvisionCapacity;
    SenUnitOnRoll; SenUnitCapacity; GOR (code); GOR (name); DistrictAdministrative (code);
    DistrictAdministrative (name); AdministrativeWard (code); AdministrativeWard (name);
    ParliamentaryConstituency (code); ParliamentaryConstituency (name); UrbanRural (code); UrbanRural (name);
    GSSLACode (name); Easting; Northing; MSOA (name); LSOA (name); SENStat; SENNoStat; BoardingEstablishment (name);
    PreviousLA (code); PreviousLA (name); PreviousEstablishmentNumber; OfstedRating (name); RSCRegion (name);
    Country (name); UPRN; SiteName; QABName (code); QABName (name); EstablishmentAccredited (code);
    EstablishmentAccredited (name); CHNumber; MSOA (code); LSOA (code); FSM; AccreditationExpiryDate
"""
# Without a name or a telephone of a person: heads, proprietors and correspondents stay with the publisher, and so does
# any column that is new to this list.
GIAS_COLUMNS: Final = tuple(name.strip() for name in _GIAS.split(";"))
LINK_COLUMNS: Final = ("URN", "LinkURN", "LinkName", "LinkType", "LinkEstablishedDate")

# Small areas are those of a census, and stay until the next; wards and districts change every year.
_CENSUS: Final = "2021"
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = rf"(?:(?P<month>{'|'.join(_MONTHS)})[a-z]*_)?"
_END: Final = r"(?:_?v(?P<version>\d+))?(?:_[0-9a-f]{32})?"


@dataclass(frozen=True)
class Series:
    """A series of ONS services: what they hold, how their names read, and the columns that are needed (role -> name).

    The names are regular expressions that the whole of a service's or column's name must match, whatever its case.
    """

    what: str
    names: tuple[str, ...]
    fields: Mapping[str, str]


def _boundaries(start: str, ground: str, year: str = r"20\d\d") -> tuple[str, ...]:
    middle = r"(?:Boundaries_)?(?:Generalised_Clipped_)?"
    return (rf"(?:{start})_{_MONTH}(?P<year>{year})_{middle}{ground}_BGC{_END}",)


SERIES: Final[Mapping[str, Series]] = {
    "lad": Series(
        "districts",
        _boundaries("LAD|Local_Authority_Districts?", "UK"),
        {"code": r"LAD\d\dCD", "name": r"LAD\d\dNM"},
    ),
    "ward": Series(
        "wards",
        _boundaries("WD|Wards?", "UK"),
        {"code": r"WD\d\dCD", "name": r"WD\d\dNM", "district": r"LAD\d\dCD"},
    ),
    "lsoa": Series(
        "lower layer super output areas",
        _boundaries("LSOA|Lower_layer_Super_Output_Areas?", "EW", _CENSUS),
        {"code": "LSOA21CD", "name": "LSOA21NM"},
    ),
    "msoa": Series(
        "middle layer super output areas",
        _boundaries("MSOA|Middle_layer_Super_Output_Areas?", "EW", _CENSUS),
        {"code": "MSOA21CD", "name": "MSOA21NM"},
    ),
    "lsoa_centroids": Series(
        "population-weighted centroids",
        (
            rf"LSOA_PopCentroids_EW_(?P<year>{_CENSUS}){_END}",
            rf"LSOA_{_MONTH}(?P<year>{_CENSUS})_PWC_in_England_and_Wales(?:_20\d\d)?{_END}",
        ),
        {"code": "LSOA21CD"},
    ),
    "lsoa11_lsoa21": Series(
        "lookup of 2011 and 2021 lower layer super output areas",
        (rf"LSOA11_LSOA21_LAD(?P<year>\d\d)_EW_LU{_END}",),
        {"old": "LSOA11CD", "code": "LSOA21CD"},
    ),
    "lsoa_lad": Series(
        "lookup of lower layer super output areas and districts",
        (
            rf"LSOA21_WD\d\d_LAD(?P<year>\d\d)_EW_LU{_END}",
            rf"LSOA21_SICBL\d\d_ICB\d\d(?:_[A-Z]+\d\d)*_LAD(?P<year>\d\d)(?:_EN_LU)?{_END}",
        ),
        {"code": "LSOA21CD", "name": "LSOA21NM", "district": r"LAD\d\dCD"},
    ),
    "county": Series(
        "lookup of districts and counties",
        (
            rf"(?:LTLA|LAD)\d\d_(?:UTLA|CTY)(?P<year>\d\d)_(?:EW|EN|UK)_LU{_END}",
            rf"WD\d\d_LAD\d\d_CTY(?P<year>\d\d)(?:_CED\d\d)?_EN_LU{_END}",
            rf"WD\d\d_PCON\d\d_LAD\d\d_UTLA(?P<year>\d\d)_UK_LU{_END}",
        ),
        {"district": r"(?:LTLA|LAD)\d\dCD", "code": r"(?:UTLA|CTY)\d\dCD", "name": r"(?:UTLA|CTY)\d\dNM"},
    ),
}


def newest(names: Iterable[str], series: Series) -> list[str]:
    """Return the services of a series, the newest first: by year, month and version; equal ones by their pattern.

    Parameters
    ----------
    names
        The names that the service lists.
    series
        What is sought.
    """
    found = []
    for name in sorted(set(names)):
        for place, pattern in enumerate(series.names):
            match = re.fullmatch(pattern, name, re.IGNORECASE)
            if match is None:
                continue
            parts = match.groupdict()
            year = int(parts["year"]) % 100
            month = _MONTHS.index(parts["month"].lower()) + 1 if parts.get("month") else 0
            found.append((year, month, -place, int(parts.get("version") or 0), name))
            break
    return [name for *_, name in sorted(found, reverse=True)]
