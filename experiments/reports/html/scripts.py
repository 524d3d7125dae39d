"""What the browser runs, and data for it: scripts that are named by their hash, JSON that no name can break out of."""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

HERE = Path(__file__).parent


@cache
def vega() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, from the package that ships them."""
    import vl_convert

    return _sealed(vl_convert.javascript_bundle())  # type: ignore[call-arg]  # its stub asks for what it does not need


@cache
def own() -> str:
    """The page's own script."""
    return _sealed((HERE / "page.js").read_text(encoding="utf-8"))


@cache
def style() -> str:
    return (HERE / "page.css").read_text(encoding="utf-8")


def policy(scripts: list[str]) -> str:
    """A content security policy: these very scripts run, nothing is loaded from anywhere.

    A script that came in by a name or a message would have another hash, so it would not run.
    """
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def data(value: Any) -> Markup:
    r"""A value as JSON for ``<script type="application/json">``: no text in it can end that element.

    >>> print(data({"name": "</script><b>"}))
    {"name":"\u003c/script>\u003cb>"}
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def _sealed(script: str) -> str:
    """The script with one kind of line end, as its hash is taken, and without the end of its own element."""
    return script.replace("\r\n", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
