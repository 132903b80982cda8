"""What holds for every page of the navigation, whatever it shows."""

import pytest
from addressed import at, pages_in_the_navigation

EACH = [(section, *page) for section, pages in pages_in_the_navigation().items() for page in pages.values()]


@pytest.mark.parametrize(("section", "file", "question", "above"), EACH, ids=[file for _, file, *_ in EACH])
def test_it_opens_with_its_question_and_the_controls_that_it_names(
    section: str, file: str, question: str, above: str
) -> None:
    page = at(f"{section.lower()}/{file}.py", epochs="2", seeds="1", train_size="100", steps="6")
    assert not page.exception
    assert [title.value for title in page.title] == [question]
    labels = [each.label for each in (*page.get("button_group"), *page.select_slider)]
    choices = ["Story", "Smoothing ε"]
    assert [label for label in labels if label in choices] == {"all": choices, "epsilon": choices[1:], "none": []}[
        above
    ]
