"""The pages: files of one folder, read once, with an ETag each; a path that is no file is the page's own route.

All is in memory, so that no path of a request ever becomes a path of the disk, and there is no Range to answer.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

BUILT_IN = Path(__file__).parents[1] / "static"
INDEX = "/index.html"
MAX_BYTES = 16 * 1024 * 1024  # of all files together
_NONE = b"<!doctype html><title>Crossbook</title><p>This build has no pages: the API is at <a href=/docs>/docs</a>."


@dataclass(frozen=True, slots=True)
class File:
    """One of them."""

    content: bytes
    kind: str
    etag: str


class StaticFiles:
    """Of one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """Raises OSError when it cannot be read."""
        folder, left = folder or BUILT_IN, MAX_BYTES
        self._files: dict[str, File] = {INDEX: _file(INDEX, _NONE)}
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            left -= path.stat().st_size
            if left < 0:
                raise OSError(f"{folder} has more than {MAX_BYTES} bytes")
            name = f"/{path.relative_to(folder).as_posix()}"
            self._files[name] = _file(name, path.read_bytes())

    def answer(self, request: Request) -> Response | None:
        """None for what looks like a file and is none."""
        path = request.url.path
        if path not in self._files and "." in path.rsplit("/", 1)[-1]:
            return None
        name = path if path in self._files else INDEX
        file = self._files[name]
        caching = "no-store" if name == INDEX else "no-cache"
        headers = {"ETag": file.etag, "Cache-Control": caching}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, headers=headers, media_type=file.kind)


def _file(name: str, content: bytes) -> File:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if name.endswith(".webmanifest"):
        kind = "application/manifest+json"
    return File(content, kind, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
