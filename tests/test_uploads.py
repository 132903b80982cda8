"""The budget of bytes for uploads: never exceeded, and every share comes back."""

import asyncio
import gc
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from labelsmooth.dashboard.uploads import FullError, Uploads


class Held:
    """Something that a visitor holds."""


@pytest.fixture(autouse=True, scope="module")
def _nothing_else_to_collect() -> Iterator[None]:
    """As the server does: collecting what the imports made takes much longer than these tests."""
    gc.collect()
    gc.freeze()
    yield
    gc.freeze()  # a full budget has thawed it


@pytest.fixture(scope="module")
def frozen() -> Iterator[None]:
    """For tests of a budget that is often full: what is frozen stays so, none of their owners is among it."""
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "unfreeze", lambda: None)
        yield


def test_a_share_ends_with_its_owner() -> None:
    budget, first, second = Uploads(100), Held(), Held()
    budget.claim(first, 60)
    budget.claim(second, 40)
    assert budget.used == 100
    del first
    assert budget.used == 40
    budget.release(second)
    budget.release(second)
    assert budget.used == 0


def test_owners_that_only_wait_for_each_other_make_room() -> None:
    budget, owner = Uploads(100), Held()
    budget.claim(owner, 100)
    owner.itself = owner  # type: ignore[attr-defined]
    gc.disable()
    try:
        gc.freeze()  # as of whoever is there when the server starts
        del owner
        assert budget.used == 100
        budget.claim(newcomer := Held(), 100)
        assert budget.used == 100
        del newcomer
    finally:
        gc.enable()
    assert budget.used == 0


def test_a_full_budget_says_what_is_free_and_nothing_is_lost() -> None:
    budget, first, second = Uploads(3 * 2**20), Held(), Held()
    budget.claim(first, 2 * 2**20)
    with pytest.raises(FullError, match=r"share 3\.0 MB .* 1\.0 MB are free, and this needs 1\.5 MB"):
        budget.claim(second, 3 * 2**19)
    with pytest.raises(FullError):
        budget.claim(first, 2**22)
    assert budget.used == 2 * 2**20
    budget.claim(first, 3 * 2**20)  # in place of its own share
    assert budget.used == 3 * 2**20


@pytest.mark.usefixtures("frozen")
@given(st.lists(st.tuples(st.sampled_from(["claim", "release", "drop"]), st.integers(0, 4), st.integers(0, 60))))
def test_after_any_steps_the_sum_is_that_of_the_living_and_within_the_limit(steps: list[tuple[str, int, int]]) -> None:
    budget = Uploads(100)
    owners, expected = {k: Held() for k in range(5)}, dict.fromkeys(range(5), 0)
    for what, who, nbytes in steps:
        if what == "claim":
            fits = sum(expected.values()) - expected[who] + nbytes <= 100
            try:
                budget.claim(owners[who], nbytes)
                assert fits
                expected[who] = nbytes
            except FullError:
                assert not fits
        else:
            expected[who] = 0
            if what == "release":
                budget.release(owners[who])
            else:
                owners[who] = Held()
        assert budget.used == sum(expected.values()) <= 100


@pytest.mark.usefixtures("frozen")
def test_threads_that_claim_together_never_get_more_than_there_is() -> None:
    budget, start = Uploads(50), threading.Barrier(8)
    got: list[Held] = []

    def claim() -> None:
        start.wait()
        for _ in range(2):
            owner = Held()
            try:
                budget.claim(owner, 7)
            except FullError:
                continue
            got.append(owner)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 7
    assert budget.used == 49


def test_a_large_upload_touches_no_disk_while_it_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(**_: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(tempfile, "TemporaryFile", no_file)
    content = bytes(3 * 2**20)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": head + content + b"\r\n--x--\r\n"}

    async def arrive() -> bytes:
        headers = [(b"content-type", b"multipart/form-data; boundary=x")]
        async with Request({"type": "http", "method": "PUT", "headers": headers}, receive).form() as form:
            upload: Any = form["file"]
            return bytes(await upload.read())

    # In a thread of its own: a browser test before this one may have left an event loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, arrive()).result() == content
