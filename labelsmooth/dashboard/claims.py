"""The cards of the claims, and the test of one of them that the server does in the background."""

import math
from typing import Literal

import pandas as pd
import streamlit as st

from labelsmooth.claims.background import SEEDS, Background, Job
from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.laboratory import setup_of
from labelsmooth.claims.record import COMMITTED, Entry, Record, read, versions
from labelsmooth.claims.verdicts import CONTRADICTED, HOLDS, LEAST_SEEDS, UNDECIDED, Judged, Verdict
from labelsmooth.claims.words import difference_in_words, setup_in_words
from labelsmooth.comparison import count, signed
from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.life import at_end
from labelsmooth.dashboard.pace import beat
from labelsmooth.figures.claims import contrasts_figure, profile_figure
from labelsmooth.figures.style import Moving
from labelsmooth.hosting import hosting

BADGES: dict[Verdict, tuple[Literal["green", "red", "gray"], str]] = {
    HOLDS: ("green", ":material/check_circle:"),
    CONTRADICTED: ("red", ":material/cancel:"),
    UNDECIDED: ("gray", ":material/help:"),
}


@st.cache_resource(show_spinner=False)
def record() -> Record:
    """The record that comes with the package."""
    return read(COMMITTED)


@st.cache_resource(show_spinner=False)
def background() -> Background:
    """The one place of this server where claims are tested anew."""
    tests = Background()
    # A thread that is still inside torch when the interpreter goes aborts the process.
    at_end(tests.close)
    return tests


def badge(verdict: Verdict) -> None:
    """A verdict as a word with a sign."""
    colour, icon = BADGES[verdict]
    st.badge(verdict, icon=icon, color=colour)


def _coloured(verdict: Verdict) -> str:
    """The badge of a verdict for a line of text."""
    colour, icon = BADGES[verdict]
    return f":{colour}-badge[{icon} {verdict}]"


def summary() -> None:
    """How many claims hold, how many do not, and what makes a verdict."""
    found = [entry.verdict(name) for name, entry in record().items()]
    minutes = round(sum(entry.seconds for entry in record().values()) / 60)
    counts = "; ".join(f"{verdict}: {found.count(verdict)}" for verdict in (HOLDS, CONTRADICTED, UNDECIDED))
    claims = count(len(found), "claim")
    st.markdown(f"**{claims}, tested on small networks and small data sets. {counts.capitalize()}.**")
    st.markdown(
        "Each claim is tested on networks that differ in nothing but what the claim is about, over at least "
        f"{LEAST_SEEDS} seeds. A rule, written before the record's numbers, decides: a contrast *holds* where the 95 % "
        "t interval of its mean paired difference lies inside the shaded region, is *contradicted* where it lies "
        "wholly outside, and is otherwise *undecided*; a claim holds if all contrasts that decide do, and is "
        "contradicted if one of them is. What is contradicted here may still hold where it was said, of larger "
        f"networks and data. `python -m labelsmooth claims` tests all of them again; for the record "
        f"that took {count(minutes, 'minute')}."
    )
    lines = [
        f"| [{CLAIMS[name].title}](#{_anchor(name)}) | {_coloured(entry.verdict(name))} |"
        for name, entry in record().items()
    ]
    st.markdown("\n".join(["| claim | verdict |", "|---|---|", *lines]))


def _anchor(name: str) -> str:
    return name.replace("_", "-")


def card(name: str) -> None:
    """All there is to say of one claim."""
    claim, entry = CLAIMS[name], record().get(name)
    with st.container(border=True):
        st.subheader(claim.title, anchor=_anchor(name))
        if entry is None:
            st.markdown(claim.sentence)
            st.info("This claim is not in the record.")
            return
        badge(entry.verdict(name))
        st.markdown(f"**{claim.sentence}**")
        st.markdown(f"**Source.** {claim.source}. {claim.figure}")
        st.markdown(f"**Here.** {claim.test}")
        judged = entry.judged(name)
        _table(judged)
        alt = f"{claim.title}: differences of the seeds and their intervals."
        _film(f"claim {name}", contrasts_figure(judged), alt)
        if claim.profile is not None:
            alt = f"{claim.profile.title} against {claim.profile.x_title}."
            _film(f"profile {name}", profile_figure(claim.profile, entry.numbers), alt)
        st.markdown(claim.note)
        st.caption(_about(name, entry))


def how_to_read() -> None:
    """The pictures in words."""
    with st.expander("How to read the pictures"):
        st.markdown(
            "Each panel is one contrast. A faint dot is one seed: the difference between two networks that share data, "
            "first weights and order of batches. The bar is the 95 % interval of the mean, the strong dot the mean. "
            "Shaded is where the claim says that the difference lies; the line is at 0. A diamond is the same "
            "difference in the source, on other data and other networks: its side tells more than its size. Under "
            "some claims the measured numbers themselves stand against ε or the epoch, shaded from the lowest to the "
            "highest seed. The experiments were tried out on three seeds that are not in the record (1000 to "
            "1002). "
            "Several claims share one experiment, so they are not independent, and nothing is corrected for the "
            "number of contrasts. NC1 is the spread within classes over that between them; AURC, E-AURC and AUROC"
            " are explained on the page Calibration, NC1 and R² on the page Clusters."
        )


def live(name: str) -> None:
    """Test the chosen claim anew, and show what comes out beside the record."""
    tests = background()
    ticking = tests.running is not None

    @st.fragment(run_every=beat(ticking))
    def watch() -> None:
        _say(name, tests)
        entry, now = record().get(name), tests.job(name)
        if entry is None:
            return
        fresh = None if now is None else now.entry
        if fresh is None and not ticking:
            return  # the record alone stands below
        figure = contrasts_figure(entry.judged(name), fresh.judged(name) if fresh else ())
        if fresh is not None:
            badge(fresh.verdict(name))
            _table(fresh.judged(name))
        alt = f"{CLAIMS[name].title}: the record, and the seeds tested just now where there are some."
        # Once nothing is tested any more, the film ends the ticking, and the button can be used again.
        _film("live claim", figure, alt, done=tests.running is None, ticking=ticking)

    def start() -> None:
        tests.start(name)

    problem = _too_much(record().get(name))
    if problem:
        st.info(problem)
    st.button(
        "Run it live",
        on_click=start,
        disabled=ticking or name not in record() or bool(problem),
        help=f"Trains the whole experiment again on this server, with {len(SEEDS)} other seeds.",
    )
    watch()


def _too_much(entry: Entry | None) -> str:
    """Why this claim cannot be tested anew on this server, if it takes longer than a visitor may ask for."""
    needed = 0 if entry is None else math.ceil(entry.seconds * len(SEEDS) / len(entry.seeds))
    allowed = hosting().training_seconds
    return f"Testing this anew takes about {needed} s, and this server allows {allowed} s." if needed > allowed else ""


def _say(name: str, tests: Background) -> None:
    """What the server is doing about this claim."""
    job, other = tests.job(name), tests.running
    if job is None or job.ended:
        if other is not None:
            st.info(f'The server tests one claim at a time, and is at "{CLAIMS[other.name].title}". {_far(other)}')
        if job is None:
            st.caption(
                f"The record is below. Run it live to train the experiment again, with {len(SEEDS)} other seeds: the "
                "server does that in the background, one claim at a time for all visitors."
            )
        elif job.error is not None:
            st.error(job.error)
        else:
            seeds = f"seeds {SEEDS[0]} to {SEEDS[-1]}"
            st.caption(f"Tested anew with {seeds}: below, and under the record in the picture.")
    else:
        st.progress(job.done / job.total, f"Testing: {_far(job)}")


def _far(job: Job) -> str:
    return f"{job.done} of {job.total} seeds are done."


def _table(judged: tuple[Judged, ...]) -> None:
    """The contrasts with what is claimed and what was measured."""
    rows = {
        each.contrast.text + ("" if each.contrast.decides else " (does not decide)"): [
            _coloured(each.verdict) if each.contrast.decides else each.verdict,
            each.contrast.region,
            difference_in_words(each),
            _in_source(each),
        ]
        for each in judged
    }
    # In the order in which a phone shows them before it cuts.
    columns = ["verdict", "claimed", "measured", "in the source"]
    st.table(pd.DataFrame.from_dict(rows, orient="index", columns=columns))


def _in_source(judged: Judged) -> str:
    contrast = judged.contrast
    return "no number" if contrast.source is None else signed(contrast.source, contrast.digits) + contrast.unit


def _about(name: str, entry: Entry) -> str:
    """How, when and with what the record's numbers were made, and whether this server has the same."""
    libraries = ", ".join(f"{library} {number}" for library, number in entry.versions.items())
    same = entry.repeats(setup_of(name), entry.seeds, versions())
    changed = "" if same else " This server has other versions, so its numbers may differ a little."
    return (
        f"{setup_in_words(entry.setup)} Record of {entry.date}: {len(entry.seeds)} seeds in {entry.seconds:.0f} s; "
        f"{libraries}.{changed}"
    )


def _film(key: str, moving: Moving, alt: str, *, done: bool = True, ticking: bool = False) -> None:
    """A still picture."""
    name = name_of(key, moving.figure)
    film(Reel(name, moving.figure, moving.narrow, [], 0, done=done), key=key, alt=alt, ticking=ticking)
