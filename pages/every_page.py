"""What stands around every page: page config, navigation and the controls that all pages share.

The only script directly in this folder: Streamlit takes a folder `pages` beside the script that it runs, here
`pages/pages`, for pages of its older multipage mode.
"""

import streamlit as st

from labelsmooth.dashboard import controls, desk, lecture
from labelsmooth.dashboard.film import load_early
from labelsmooth.dashboard.gate import admit
from labelsmooth.dashboard.maps import leave_map
from labelsmooth.dashboard.sending import head_start, wait_until_sent
from labelsmooth.dashboard.server import present, registry
from labelsmooth.dashboard.sharing import share
from labelsmooth.dashboard.wakeup import close_page_not_found

st.set_page_config(page_title="Label smoothing, live", layout="wide", initial_sidebar_state=lecture.sidebar())
admit()
load_early()
registry()
present()

# section: title of a page, its file, the question that it answers, and which choices stand above it
PAGES = {
    "Experiment": {
        "Train live": ("train_live", "What does label smoothing change while a network learns?", "all"),
        "Drag epsilon": ("drag_epsilon", "How much smoothing is right for these data?", "all"),
        "Clusters": ("clusters", "How does smoothing move the clusters inside a network?", "all"),
        "Calibration": ("calibration", "Can the network's confidence be trusted?", "all"),
    },
    "Understand": {
        "Why and what": ("theory", "Why does cross-entropy over-fit, and what does smoothing change?", "all"),
        "In your code": (
            "in_your_code",
            "How is label smoothing written, and what does epsilon mean in your library?",
            "epsilon",
        ),
        "Claims, re-tested": ("claims", "Do the papers' claims about label smoothing hold here?", "none"),
    },
    "Apply": {
        "Your model": (
            "your_model",
            "Should your model be trained with smoothing, or just be temperature-scaled?",
            "none",
        ),
        "Your data": ("your_data", "What does smoothing do on data of my own?", "none"),
    },
    "About": {"Server": ("server", "What is this server doing?", "none")},
}
HIDDEN = ("Server",)  # from the sidebar: for whoever runs the server
page = st.navigation(
    {
        section: [
            st.Page(
                f"{section.lower()}/{file}.py",
                title=title,
                visibility="hidden" if title in HIDDEN else "visible",
            )
            for title, (file, *_) in pages.items()
        ]
        for section, pages in PAGES.items()
    },
    position="sidebar",
)
_, question, above = next(pages[page.title] for pages in PAGES.values() if page.title in pages)


def sidebar() -> None:
    """What else is trained. "Clusters" has the choice of clusters above its pictures, "Drag epsilon" its own grid."""
    if above == "all":
        controls.sidebar_choices(
            clusters=page.title in ("Train live", "Drag epsilon"), negative=page.title != "Drag epsilon"
        )


first_look = above == "all" and not desk.opened()
close_page_not_found(page.url_path)
desk.restore(page.title)
lecture.larger_letters()
with st.container(horizontal=True):
    st.title(question)
    beside_the_title = st.container(width="content", horizontal=True)
controls.say_corrections()
if above == "all":
    controls.first_choices()
elif above == "epsilon":
    controls.choice("epsilon")
desk.write_address()
with beside_the_title:
    lecture.way_back()
    share(page, question)
if page.title != "Drag epsilon":
    leave_map()
# Later no control may lag behind what was chosen: a choice made in one that is out of date would be lost.
if not first_look:
    sidebar()
with head_start(wanted=first_look):
    page.run()
if first_look:
    sidebar()


@st.fragment(run_every=86400)
def stay_in_touch() -> None:
    """Nothing: of a page without a timer Streamlit asks for no run when a lost server is back, and the page is dead."""


stay_in_touch()
wait_until_sent()
