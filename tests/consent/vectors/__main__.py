"""Writes the published vectors: `python -m tests.consent.vectors`."""

from tests.consent.vectors import asking, recipients, records
from tests.consent.vectors.form import FOLDER, VectorFile, published, written
from tests.consent.vectors.scene import NAMES, NETWORKS

FILES = {
    "01-law-and-network": (
        asking.law_and_network,
        "Facility, professional, profession, purpose",
        "Step 1: who may ask at all.",
    ),
    "02-participation": (
        asking.participation,
        "Taking part",
        "Three states kept apart, and new terms left unanswered.",
    ),
    "03-exclusions": (asking.exclusions, "Exclusions", "Absolute, in an emergency too."),
    "04-own-and-secret": (
        asking.own_and_secret,
        "Own records, secret records, marks",
        "The facility that wrote a record sees it; a secret one nobody else; the participant's mark"
        " takes the place of the sensitivity a record came with.",
    ),
    "05-emergency": (
        asking.emergency,
        "Emergency",
        "Only through an open session, which these vectors do not have.",
    ),
    "06-shares": (
        asking.shares,
        "One-off shares",
        "They replace recipient, filter and sensitivity, never exclusion, secret or data_from.",
    ),
    "07-recipient-tiers": (
        recipients.recipient_tiers,
        "Recipient",
        "person > facility or care team > facility type in a region > region or type > everyone >"
        " network default; inside a tier deny wins.",
    ),
    "08-areas-lived-in": (
        recipients.areas_lived_in,
        "Where the participant lives",
        "By the Japanese calendar: now, within two years, before.",
    ),
    "09-living-grants": (
        recipients.living_grants,
        "Facilities that join later",
        "They come under an area or everyone seven days after joining, or not unasked.",
    ),
    "10-filter": (
        records.filter_rows,
        "Filter",
        "Profession, category, source: a deny stands unless a permit that names all it names, and"
        " more, lifts it.",
    ),
    "11-hidden-records": (
        records.hidden_records,
        "Hidden records and visits",
        "They stand above all that permits.",
    ),
    "12-sensitivity": (
        recipients.sensitivity,
        "Sensitivity",
        "The highest level over the permits above the first tier that denies; areas and everyone"
        " carry none.",
    ),
    "13-validity": (
        records.validity,
        "Validity of a rule",
        "Half-open: in force from its beginning until just before its end.",
    ),
    "14-data-from": (
        records.data_from,
        "data_from",
        "The date of care, else the date it was written.",
    ),
    "15-purposes": (
        records.purposes,
        "Purposes",
        "A permit without purposes serves treatment, a deny without purposes binds for all.",
    ),
}


def files() -> dict[str, VectorFile]:
    names = {str(key): name for key, name in NAMES.items()}
    return {
        f"{file}.json": published(title, about, cases(), names, NETWORKS)
        for file, (cases, title, about) in FILES.items()
    }


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = files()
    for name, file in made.items():
        (FOLDER / name).write_bytes(written(file))
    print(f"{sum(len(file.vectors) for file in made.values())} vectors in {len(made)} files")


if __name__ == "__main__":
    main()
