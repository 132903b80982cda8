"""The memory that all visitors' uploads may take together."""

import gc
import threading
import weakref

import streamlit as st
from starlette.formparsers import MultiPartParser

from labelsmooth.hosting import hosting
from labelsmooth.predictions.words import refusal

# Streamlit's server would put a file of more than a megabyte on disk while it arrives.
LIMIT = 512 * 2**20  # bytes, far more than of any file that is taken
MultiPartParser.spool_max_size = LIMIT


class FullError(ValueError):
    """There is no room for another upload now."""


class Uploads:
    """A budget of bytes: each share is held for an object, and ends with it or when it is given back.

    An object in Streamlit's session ends with the session. Nothing here keeps it alive.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        # The most memory is needed while a file is read, so one is read at a time.
        self.reading = threading.Lock()
        self._lock = threading.Lock()
        # By the id of the owner. An owner may end at any moment, in any thread, also inside of `claim`: what then
        # happens is a single step and needs no lock.
        self._shares: dict[int, int] = {}

    @property
    def used(self) -> int:
        """Bytes that are claimed."""
        return sum(list(self._shares.values()))

    def claim(self, owner: object, nbytes: int) -> None:
        """Count `nbytes` for as long as `owner` lives, in place of what it had claimed before.

        `FullError` for lack of room: the owner then keeps the share that it had.
        """
        with self._lock:
            if not self._fits(owner, nbytes):
                # Objects of a session that has ended may wait for each other; those of the first one were there when
                # the server froze what its imports had made. Not frozen again: that would keep the sessions of now.
                gc.unfreeze()
                gc.collect()
            if not self._fits(owner, nbytes):
                raise FullError(
                    f"all uploads on this server share {_megabytes(self.limit)} MB of memory, of which "
                    f"{_megabytes(self.limit - self.used)} MB are free, and this needs {_megabytes(nbytes)} MB: "
                    "please remove something, try a smaller file, or come back later"
                )
            if id(owner) not in self._shares:
                weakref.finalize(owner, self._shares.pop, id(owner), None).atexit = False
            self._shares[id(owner)] = nbytes

    def release(self, owner: object) -> None:
        """Give back the share of this owner, if it has one."""
        if id(owner) in self._shares:
            self._shares[id(owner)] = 0

    def _fits(self, owner: object, nbytes: int) -> bool:
        return self.used - self._shares.get(id(owner), 0) + nbytes <= self.limit


def _megabytes(nbytes: int) -> str:
    return f"{nbytes / 2**20:.1f}"


@st.cache_resource(show_spinner=False)
def uploads() -> Uploads:
    """The one budget of this server."""
    return Uploads(hosting().uploads_mb << 20)


def largest_mb() -> int:
    """MiB of one file at most: what uploaders take, as far as Streamlit's server does."""
    return min(hosting().file_mb, int(st.get_option("server.maxUploadSize")))


def small_enough(name: str, content: bytes) -> bytes:
    """The content of a file, or `ValueError`: only the browser keeps to an uploader's limit."""
    if len(content) > largest_mb() << 20:
        raise refusal(name, f"is larger than {largest_mb()} MiB")
    return content
