"""Publishing plotly.js, and other files for the browser, where Streamlit's static serving finds them."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import plotly

# Names hold a version or a digest, so a browser may keep a file for good. Streamlit sends no word on caching;
# browsers then keep a file for a tenth of its age.
_OLD = 946_684_800.0  # the first second of the year 2000
# Chromium then compiles all of the file beside the page while it comes in. Without it most is compiled where it is
# first called, and the page stood still for half a second; other browsers read a comment.
_EAGER = b"//# allFunctionsCalledOnLoad\n"


def publish(static_dir: Path) -> str:
    """Put plotly.js of the installed plotly into the static folder; its address relative to the app."""
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    name = f"plotly-{plotly.__version__}-eager.min.js"
    address = write_once(static_dir, name, _EAGER + source.read_bytes())
    remove_others(static_dir, "plotly-*.js", name)
    return address


def write_once(static_dir: Path, name: str, content: bytes) -> str:
    """Put a file into the static folder unless it is there; its address relative to the app."""
    target = static_dir / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        # A reader, or another process that publishes at the same time, only ever sees the whole file.
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(partial, 0o644)
        os.utime(partial, (_OLD, _OLD))
        os.replace(partial, target)
    return f"app/static/{name}"


def remove_others(static_dir: Path, pattern: str, name: str) -> None:
    """Remove what other versions have published under such names."""
    for old in static_dir.glob(pattern):
        if old.name == name:
            continue
        # Another server may be removing the same files, or own them: what cannot go may stay.
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            with suppress(OSError):
                old.unlink()
