"""What is under "Share" on every page: a link, its QR code, a frame for another page, and code that says the same."""

from functools import lru_cache, partial
from html import escape
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import segno
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from labelsmooth.dashboard.controls import choice
from labelsmooth.dashboard.desk import current, desk
from labelsmooth.dashboard.own_data import upload
from labelsmooth.dashboard.python_code import code_of
from labelsmooth.dashboard.settings import VERSION, Settings
from labelsmooth.own_data.held import is_own

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "share",
    html="""<div class="share">
  <div class="share-row">
    <input data-part="link" readonly aria-label="Link">
    <button data-part="copy" type="button">Copy link</button>
    <span data-part="said" role="status"></span>
  </div>
  <img data-part="code">
</div>""",
    css=(_HERE / "share.css").read_text(encoding="utf-8"),
    js=(_HERE / "share.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)

QUIET = 4  # modules of white around a code, without which readers may not find it
PIXELS = 10  # a module of the PNG
FRAME_HEIGHT = 900
WIDTH = 640  # of what is under the button, in pixels; less where there is less
HELD = (
    f"A link holds every choice that you see and its version ({VERSION}), so that it means the same when defaults "
    "change. It holds no data, no name and nothing personal."
)
NOT_THE_DATA = "Your data are not part of the link: whoever opens it is asked for the same file."
SHORT = (
    "The code holds the short form of the same link: what differs from the defaults of its version, which never "
    "change. The fewer choices differ, the coarser the code and the farther it can be read."
)
FRAME = "Put this into a web page: it shows this page as a frame in which everything works."
TAKES_FILES = ("Your model", "Your data")
NO_FILES = (
    "Browsers keep the cookie that protects uploads from frames of other sites: there, whoever wants to give a file "
    "has to open the page itself."
)
NO_CODE = "There is nothing to run for this page as it is now."


def address(page: str, path: str, query: dict[str, str]) -> str:
    """A page with a query; the main page, whose path is empty, is the folder of the others."""
    return f"{page if path else page.rstrip('/') + '/'}?{urlencode(query)}"


def frame(link: str, title: str) -> str:
    """HTML that shows a page inside of another one; what is copied in there may reach the clipboard."""
    page, _, query = link.partition("?")
    source = escape(f"{page}?embed=true&{query}")
    return (
        f'<iframe src="{source}" title="{escape(title)}" width="100%" height="{FRAME_HEIGHT}" style="border:0" '
        'allow="clipboard-write" loading="lazy"></iframe>'
    )


@lru_cache(256)
def qr_code(link: str) -> segno.QRCode:
    """The code of a link, as coarse as the link is short."""
    return segno.make_qr(link)


def picture(link: str, kind: str) -> bytes:
    """The code of a link as "svg" or "png", black on white in any theme."""
    file = BytesIO()
    scale = PIXELS if kind == "png" else 1
    qr_code(link).save(file, kind=kind, scale=scale, border=QUIET, dark="#000", light="#fff")
    return file.getvalue()


@lru_cache(256)
def _data_uri(link: str) -> str:
    return qr_code(link).svg_data_uri(border=QUIET, dark="#000", light="#fff", omitsize=True)


def share(page: StreamlitPage, question: str) -> None:
    """The button, and what is under it: made when it is opened, of the choices of that moment."""
    under = st.popover("Share", icon=":material/share:", key="share", on_change="rerun", width="content")
    if not under.open:
        return
    settings = current()
    # In the browser, before any proxy; without one there is none.
    link_of = partial(address, st.context.url or "", page.url_path)
    link = link_of(settings.to_query())
    with under, st.container(width=WIDTH):
        as_link, as_frame, as_code = st.tabs(["Link", "Embed", "Python"])
        with as_link:
            _link(link, link_of(settings.to_short_query()), question)
            st.caption(HELD)
            if is_own(settings.dataset):
                st.caption(NOT_THE_DATA)
            choice("mode")
        with as_frame:
            st.caption(FRAME)
            if page.title in TAKES_FILES:
                st.caption(NO_FILES)
            st.code(frame(link, question), language="html", wrap_lines=True)
        with as_code:
            _code(page.title, settings)


def _link(link: str, short: str, question: str) -> None:
    """The link to copy, and its code to look at and to put on a slide."""
    _component(
        key="shared link", data={"link": link, "code": _data_uri(short), "alt": f"QR code of a link to: {question}"}
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        for kind, mime in (("svg", "image/svg+xml"), ("png", "image/png")):
            st.download_button(
                f"QR code as {kind.upper()}",
                partial(picture, short, kind),
                f"label-smoothing-link.{kind}",
                mime,
                key=f"download link {kind}",
                on_click="ignore",
            )
    st.caption(SHORT)
    st.code(short, language=None, wrap_lines=True)


def _code(page: str, settings: Settings) -> None:
    """A program and a command line that give the numbers of the page."""
    found = code_of(page, settings, upload().in_use if desk().own is not None else None)
    if found.note:
        st.caption(found.note)
    if found.python:
        st.code(found.python, language="python", height=320)
        st.download_button(
            "Download as .py",
            lambda: found.python,
            "label_smoothing.py",
            "text/x-python",
            key="download code",
            on_click="ignore",
        )
    if found.command:
        st.caption("On the command line:")
        st.code(found.command, language="bash", wrap_lines=True)
    if not found.python and not found.command:
        st.caption(NO_CODE)
