"""Laws of links: they mean for ever what they meant, in full or short, and nothing in one is changed without a word."""

import re
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from test_settings import HOSTILE, assert_usable, drawn_settings

from labelsmooth.dashboard.entrance import whole
from labelsmooth.dashboard.settings import VERSION, Settings
from labelsmooth.dashboard.specs import SPECS

# What version 1 means where a link leaves something out. Never edit this: other defaults are another version.
VERSION_1 = parse_qs(
    "v=1&dataset=digits&classes=3&train_size=1000&label_noise=0.4&noisy_validation=no&negative=no&epsilon=0.1"
    "&convention=uniform&seed=0&seeds=5&hidden=64-64&activation=relu&epochs=100&batch_size=64&learning_rate=0.005"
    "&weight_decay=0.0&optimizer=adam&shown=3-5-0&scale=own&bias=yes&depth=no&steps=21&map_over=none&map_measure=ece"
    "&bins=15&binning=equal-width&event=top&temperature=1.0&score=probability&coverage=0.8&target_classes=10"
    "&library=torch&padding=-1&class_weight=1.0&snippet=pytorch&claim=tight_clusters&epoch=-1&mode=full"
)
# Links that were on somebody's slide. Never edit or remove one.
FOR_EVER = [
    # The five stories, as the pages wrote them before a link could pin an epoch.
    "v=1&dataset=digits&classes=3&train_size=1000&label_noise=0.4&noisy_validation=no&negative=no&epsilon=0.1"
    "&convention=uniform&seed=0&seeds=5&hidden=64-64&activation=relu&epochs=100&batch_size=64&learning_rate=0.005"
    "&weight_decay=0.0&optimizer=adam&shown=3-5-0&scale=own&bias=yes&depth=no&steps=21&map_over=none&map_measure=ece"
    "&bins=15&binning=equal-width&event=top&temperature=1.0&score=probability&coverage=0.8&target_classes=10"
    "&library=torch&padding=-1&class_weight=1.0&snippet=pytorch&claim=tight_clusters",
    "v=1&dataset=digits&classes=3&train_size=600&label_noise=0.0&noisy_validation=no&negative=no&epsilon=0.1"
    "&convention=uniform&seed=0&seeds=5&hidden=256-64&activation=relu&epochs=60&batch_size=128&learning_rate=0.001"
    "&weight_decay=0.0&optimizer=adam&shown=3-5-0&scale=own&bias=yes&depth=no&steps=21&map_over=none&map_measure=ece"
    "&bins=15&binning=equal-width&event=top&temperature=1.0&score=probability&coverage=0.8&target_classes=10"
    "&library=torch&padding=-1&class_weight=1.0&snippet=pytorch&claim=tight_clusters",
    "v=1&dataset=moons&classes=3&train_size=200&label_noise=0.2&noisy_validation=no&negative=no&epsilon=0.1"
    "&convention=uniform&seed=0&seeds=5&hidden=32-32&activation=relu&epochs=100&batch_size=32&learning_rate=0.01"
    "&weight_decay=0.0&optimizer=adam&shown=0-1&scale=own&bias=yes&depth=no&steps=21&map_over=none&map_measure=ece"
    "&bins=15&binning=equal-width&event=top&temperature=1.0&score=probability&coverage=0.8&target_classes=10"
    "&library=torch&padding=-1&class_weight=1.0&snippet=pytorch&claim=tight_clusters",
    # Some typed by hand, and every kind of choice away from its default.
    "v=1&epsilon=0.2",
    "v=1&seed=40&seeds=20",
    "dataset=hard&train_size=500&label_noise=0.0&shown=0-1-2",
    "v=1&dataset=spirals&classes=5&shown=4-0-2&negative=yes&epsilon=-0.25&convention=others&noisy_validation=yes",
    "v=1&hidden=512-512-512&activation=tanh&epochs=400&batch_size=1024&learning_rate=0.0001&weight_decay=0.001"
    "&optimizer=sgd&scale=common&bias=no&depth=yes",
    "v=1&dataset=wine&train_size=60&shown=2-1-0&steps=26&map_over=label_noise&map_measure=nll",
    "v=1&dataset=breast+cancer&train_size=200&shown=1-0&bins=50&binning=equal-mass&event=1&temperature=2.51"
    "&score=margin&coverage=0.05",
    "v=1&library=fairseq&target_classes=1000&padding=0&class_weight=0.05&snippet=optax_step&claim=label_noise",
    # Pinned moments, and for a lecture.
    "v=1&epoch=12",
    "v=1&epochs=60&epoch=60&mode=lecture",
]
NAMES = (*SPECS, "v")
TEXTS = some.one_of(
    some.sampled_from(HOSTILE),
    some.text(max_size=30),
    some.integers().map(str),
    some.floats().map(str),
    some.sampled_from([text for texts in VERSION_1.values() for text in texts]),
    some.sampled_from(["../../etc/passwd", "..%2f..%2f", "%00", "%", "%zz", "&&==", "?v=1#", "file:///", "{0}", "$x$"]),
)
QUERIES = some.lists(some.tuples(some.one_of(some.sampled_from(NAMES), some.text(max_size=10)), TEXTS), max_size=25)


def read(link: str) -> tuple[Settings, list[str]]:
    return Settings.from_query(dict(parse_qs(link, keep_blank_values=True)))


def as_written(used: Settings) -> dict[str, list[str]]:
    return {name: [text] for name, text in used.to_query().items()}


def test_what_version_1_leaves_out_never_changes() -> None:
    assert read("v=1") == read("") == read(urlencode(VERSION_1, doseq=True))
    assert VERSION_1.items() <= as_written(read("v=1")[0]).items()


@pytest.mark.parametrize("link", FOR_EVER, ids=range(len(FOR_EVER)))
def test_a_link_opens_for_ever(link: str) -> None:
    used, said = read(link)
    assert said == []
    assert parse_qs(link).items() <= (as_written(used) | {"v": ["1"]}).items()


def test_a_short_link_means_the_same() -> None:
    for used in map(drawn_settings, range(300)):
        short = used.to_short_query()
        assert Settings.from_query(short) == (used, [])
        assert short.items() <= used.to_query().items()
    assert Settings().to_short_query() == {"v": VERSION}
    assert Settings(epsilon=0.2, epoch=12).to_short_query() == {"v": VERSION, "epsilon": "0.2", "epoch": "12"}


def same(text: str, used: str) -> bool:
    """Whether a text says what is used: letter by letter, or as another spelling of the numbers."""
    text = text.strip()
    if re.fullmatch(r"\d+(-\d+)*", text):
        return [float(part) for part in text.split("-")] == [float(part) for part in used.split("-")]
    number = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", text, re.IGNORECASE)
    return text == used or (number is not None and abs(float(text) - float(used)) <= 1e-12 * abs(float(text)))


def means_the_same_to_the_end(query: str) -> None:
    """Where a page sends this on, what it sends to has the same settings and is sent nowhere."""
    to = whole(query)
    if to:
        assert whole(to) == ""
        before, after = (parse_qs(each, keep_blank_values=True) for each in (query, to))
        # What is not ours is Streamlit's, and is kept.
        ours, used = ({name: each[name] for name in each.keys() & {*NAMES}} for each in (before, after))
        assert Settings.from_query(used) == (Settings.from_query(ours)[0], [])
        assert {name: after[name] for name in after.keys() - {*NAMES}} == {
            name: before[name] for name in before.keys() - {*NAMES}
        }


def test_a_link_is_sent_on_once_or_not_at_all() -> None:
    for used in map(drawn_settings, range(300)):
        full, short = urlencode(used.to_query()), urlencode(used.to_short_query())
        assert whole(full) == whole(f"{full}&embed=true") == ""
        assert whole(short) in (full, "")
        means_the_same_to_the_end(short)
        assert whole(f"embed=true&{short}") in (f"{full}&embed=true", "")


@settings(max_examples=1000, deadline=10_000)
@example([], "embed_options")
@example([], "embed=true&embed=%00&epsilon=.2")
@given(QUERIES, some.text(some.characters(max_codepoint=255)))
def test_no_query_is_sent_round_in_circles(pairs: list[tuple[str, str]], raw: str) -> None:
    means_the_same_to_the_end(urlencode([(name, text.encode(errors="replace")) for name, text in pairs]))
    means_the_same_to_the_end(raw)


# The deadline catches what hangs, and nothing else.
@settings(max_examples=2100, deadline=10_000)
@given(QUERIES)
def test_no_link_is_corrected_without_a_word(pairs: list[tuple[str, str]]) -> None:
    encoded = urlencode([(name, text.encode(errors="replace")) for name, text in pairs])
    query = parse_qs(encoded, keep_blank_values=True)
    used, said = Settings.from_query(dict(query))
    assert_usable(used, said)
    written = used.to_query()
    for name in query.keys() & SPECS.keys():
        unsaid = not any(sentence.startswith(f"{SPECS[name].label}: ") for sentence in said)
        assert not unsaid or (len(query[name]) == 1 and same(query[name][0], written[name]))
    unknown = query.keys() - NAMES
    assert bool(unknown) == any(sentence.startswith("Not known here and ignored: ") for sentence in said)
