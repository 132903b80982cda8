"""Laws of what is under "Share": the link, its short form, the frame and the code, without a browser."""

import json
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import zxingcpp
from open_pages import chosen, opened, visited
from PIL import Image
from streamlit.testing.v1 import AppTest
from test_settings import drawn_settings

from labelsmooth.dashboard.python_code import code_of
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.sharing import NO_CODE, NOT_THE_DATA, address, frame, picture

PAGE = "https://example.org/lab/clusters"
HOSTILE = "\"><script>alert('1')</script>&amp;$x$"


def query_of(link: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(link).query, strict_parsing=True))


def share(page: AppTest) -> AppTest:
    """Open what is under the button."""
    page.session_state["share"] = True
    return page.run()


def shown_link(page: AppTest) -> dict[str, str]:
    """The query of the link that is shown."""
    (shared,) = (each for each in page.get("bidi_component") if each.proto.component_name == "share")
    link = json.loads(shared.proto.json)["link"]
    return query_of(link)


def test_a_link_holds_every_choice_and_its_short_form_the_same() -> None:
    for settings in map(drawn_settings, range(100)):
        for query in (settings.to_query(), settings.to_short_query()):
            link = address(PAGE, "clusters", query)
            assert link.startswith(f"{PAGE}?v=1")
            assert Settings.from_query(query_of(link)) == (settings, [])


@pytest.mark.parametrize(
    ("page", "path", "link"),
    [
        ("http://h:1", "", "http://h:1/?v=1"),
        ("https://h/lab", "", "https://h/lab/?v=1"),
        ("https://h/lab/", "", "https://h/lab/?v=1"),
        (PAGE, "clusters", f"{PAGE}?v=1"),
    ],
)
def test_the_main_page_is_the_folder_of_the_others(page: str, path: str, link: str) -> None:
    assert address(page, path, {"v": "1"}) == link


def test_a_code_is_its_link() -> None:
    for settings in (Settings(), drawn_settings(1)):
        link = address(PAGE, "clusters", settings.to_short_query())
        (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture(link, "png"))))
        assert found.text == link
        drawing = picture(link, "svg").decode()
        assert 'fill="#fff"' in drawing
        assert 'stroke="#000"' in drawing
        assert "&amp;" not in drawing  # the link is in the picture alone


class Frames(HTMLParser):
    """The tags of a text, and the attributes of its frames."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags = list[str]()
        self.found = dict[str, str | None]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found |= dict(attrs)


def test_a_frame_is_one_tag_whatever_its_link_and_title_hold() -> None:
    query = {"v": "1", HOSTILE: HOSTILE}
    snippet = Frames(frame(address(PAGE, "clusters", query), HOSTILE))
    assert snippet.tags == ["iframe"]
    assert snippet.found["title"] == HOSTILE
    source = str(snippet.found["src"])
    assert query_of(source) == {"embed": "true", **query}
    assert source.startswith(f"{PAGE}?embed=true&v=1")
    assert snippet.found["allow"] == "clipboard-write"


def test_nothing_is_made_before_it_is_opened() -> None:
    page = visited()
    assert not page.code
    assert not page.tabs
    assert len(share(page).tabs) == 3


def test_what_is_shared_is_what_the_page_shows_now() -> None:
    page = share(opened(epsilon="0.2", seed="7"))
    assert shown_link(page) == chosen(page).to_query()
    short, embedded, python, command = page.code
    assert Settings.from_query(query_of(short.value)) == (chosen(page), [])
    assert len(short.value) < len(urlencode(shown_link(page)))
    assert query_of(str(Frames(embedded.value).found["src"]))["epsilon"] == "0.2"
    code = code_of("Train live", chosen(page))
    assert (python.value, command.value) == (code.python.strip(), code.command)
    page.select_slider(key=page.session_state["desk"].key("epsilon")).set_value(0.3).run()
    assert shown_link(page)["epsilon"] == "0.3"
    assert "epsilons=(0.0, 0.3)" in page.code[2].value
    assert NOT_THE_DATA not in [caption.value for caption in page.caption]


@pytest.mark.parametrize("path", ["understand/claims", "apply/your_model", "apply/your_data", "about/server"])
def test_every_page_can_be_shared(path: str) -> None:
    page = share(visited().switch_page(f"{path}.py").run())
    assert not page.exception
    assert len(page.tabs) == 3
    assert shown_link(page) == chosen(page).to_query()
    assert (NO_CODE in [caption.value for caption in page.caption]) == (path == "about/server")
