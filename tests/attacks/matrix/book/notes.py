"""The notebook: medicines, allergies, doctors and checkups at school, pages and doors alike."""

from tests.attacks.roles import HIS_PAGE, PARTICIPANT, WRONG, Row


def _rows() -> list[Row]:
    child = "/book/children/{child}/school-checkups"
    found = []
    for page in ("medications", "allergies", "doctors", "school-checkups"):
        for here in (f"/book/{page}", *([child] if page == "school-checkups" else ())):
            at = here.replace("{child}", "{record}")
            met, refused = (HIS_PAGE, HIS_PAGE) if here == child else (PARTICIPANT, WRONG)
            found += [
                Row("GET", here, met, f"{at}?participant_id={{taro}}"),
                Row("GET", f"{here}/new", met, f"{at}/new"),
                Row("POST", f"{here}/new", refused, f"{at}/new", {"participant_id": "{taro}"}),
                Row("GET", f"{here}/{{entry_id}}", HIS_PAGE, f"{at}/{{record}}"),
                Row("POST", f"{here}/{{entry_id}}", HIS_PAGE, f"{at}/{{record}}", {}),
                Row("GET", f"{here}/{{entry_id}}/remove", HIS_PAGE, f"{at}/{{record}}/remove"),
                Row("POST", f"{here}/{{entry_id}}/remove", HIS_PAGE, f"{at}/{{record}}/remove", {}),
            ]
        of_child = "/me/school-checkups/children/{child}"
        for door in (f"/me/{page}", *([of_child] if page == "school-checkups" else ())):
            at = door.replace("{child}", "{record}")
            met, refused = (HIS_PAGE, HIS_PAGE) if door == of_child else (PARTICIPANT, WRONG)
            found += [
                Row("GET", door, met, f"{at}?participant_id={{taro}}"),
                Row("POST", door, refused, at, {"fields": {"name": ""}}),
                Row("PUT", f"{door}/{{entry_id}}", HIS_PAGE, f"{at}/{{record}}", {"version": 1}),
                Row("GET", f"{door}/{{entry_id}}/versions", HIS_PAGE, f"{at}/{{record}}/versions"),
                Row("DELETE", f"{door}/{{entry_id}}", HIS_PAGE, f"{at}/{{record}}"),
            ]
    return [
        *found,
        Row("GET", "/book/allergies/find", PARTICIPANT),
        Row("POST", "/book/allergies/find", PARTICIPANT, body={"words": "そば"}),
        Row("POST", "/book/allergies/picked", PARTICIPANT, body={"allergen": "J9FA19140000"}),
        Row("GET", "/me/allergens", PARTICIPANT, "/me/allergens?q=egg"),
    ]


ROWS = tuple(_rows())
