"""The renderer: templates in, PNG out, drawn by ``resvg`` in a process of its own.

Why a process, and why this one: ``docs/decisions/0003-rendering.md``. Nothing of a person touches the disk on the way:
the SVG goes in through a pipe and the picture comes out of one.
"""

import asyncio
import shutil
import struct
import sys
import sysconfig
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stationd.adapters.card_template import Template, undecodable_photo
from stationd.adapters.font import FOLDERS, load_fonts
from stationd.domain.document import PNG, check_document
from stationd.domain.errors import Faulted, Refused
from stationd.domain.order import Document
from stationd.domain.profile import Profile

TEMPLATES = Path(__file__).with_name("templates")
"""The templates that come with the package."""

_SIGNATURE_AND_HEADER = 8 + 25
_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class _Loaded:
    resvg: str
    font_arguments: tuple[str, ...]
    templates: Mapping[str, Template]
    folders: Mapping[str, Path]


class SvgRenderer:
    """Fulfils :class:`stationd.ports.rendering.Renderer` for the templates of some profiles."""

    def __init__(
        self,
        profiles: Iterable[Profile],
        *,
        folders: Sequence[Path] = (TEMPLATES,),
        font_folders: Sequence[Path] = FOLDERS,
        resvg: Path | None = None,
        processes: int = 2,
        timeout_s: float = 20.0,
    ) -> None:
        """Nothing is read yet. Raises ``ValueError`` when two profiles want one template at different sizes.

        A template ``NAME`` is the first ``NAME.svg`` in ``folders``; at most ``processes`` cards are drawn at a time.
        """
        self._profiles: dict[str, Profile] = {}
        for profile in profiles:
            other = self._profiles.setdefault(profile.template, profile)
            if _size(other) != _size(profile):
                raise ValueError(
                    f"the profiles {other.name} and {profile.name} want the template {profile.template} at two sizes"
                )
        self._folders = tuple(folders)
        self._font_folders = tuple(font_folders)
        self._resvg = resvg
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(processes)
        self._loading = asyncio.Lock()
        self._loaded: _Loaded | None = None

    async def prepare(self) -> None:
        """Read fonts and templates now instead of with the first card.

        Raises ``Faulted`` (``fonts-missing``, ``renderer-missing``, ``template-broken``) saying what to mend.
        """
        await self._ready()

    async def check(
        self, template: str, fields: Mapping[str, str], photo: bytes | None, otherwise: Mapping[str, str] | None = None
    ) -> Mapping[str, str]:
        """The fields to render, those left out filled from ``otherwise``; raises what ``render`` would, undrawn."""
        loaded = await self._ready()
        return self._template(loaded, template).check(fields, photo, otherwise)

    async def render(self, template: str, fields: Mapping[str, str], photo: bytes | None) -> Document:
        """A PNG at the profile's size and resolution.

        Raises ``Refused`` (``document-invalid``) with the field at fault and never its value, and ``Faulted``
        (``render-failed`` and those of ``prepare``). Cancelling it ends the drawing process.
        """
        loaded = await self._ready()
        known = self._template(loaded, template)
        profile = self._profiles[template]
        async with self._slots:
            svg = await asyncio.to_thread(known.fill, fields, photo)
            picture, complaints = await self._draw(loaded, svg, profile)
        if complaints and photo is not None:
            raise undecodable_photo()
        if check_document(PNG, picture) is not None or _size_of(picture) != (profile.width_px, profile.height_px):
            raise Faulted("render-failed/size")
        return Document(PNG, _with_resolution(picture, profile.dpi))

    def _template(self, loaded: _Loaded, name: str) -> Template:
        try:
            return loaded.templates[name]
        except KeyError:
            known = ", ".join(sorted(loaded.templates))
            raise Refused("document-invalid/no-template", field="document.template", known=known) from None

    async def _ready(self) -> _Loaded:
        if self._loaded is None:
            async with self._loading:
                if self._loaded is None:
                    self._loaded = await asyncio.to_thread(self._load)
        return self._loaded

    def _load(self) -> _Loaded:
        fonts = load_fonts(self._font_folders)
        templates, homes = {}, {}
        for name in self._profiles:
            path = next(
                (folder / f"{name}.svg" for folder in self._folders if (folder / f"{name}.svg").is_file()), None
            )
            if path is None:
                raise Faulted("template-broken/missing", name=name, folders=tuple(map(str, self._folders)))
            try:
                templates[name] = Template(name, path.read_bytes(), fonts)
                homes[name] = path.parent
            except (OSError, ValueError) as trouble:
                raise Faulted("template-broken", trouble=str(trouble)) from trouble
        return _Loaded(
            resvg=str(self._resvg or _find_resvg()),
            font_arguments=tuple(f"--use-font-file={font.path}" for font in fonts.values()),
            templates=templates,
            folders=homes,
        )

    async def _draw(self, loaded: _Loaded, svg: bytes, profile: Profile) -> tuple[bytes, bytes]:
        try:
            process = await asyncio.create_subprocess_exec(
                loaded.resvg,
                "--skip-system-fonts",
                *loaded.font_arguments,
                f"--width={profile.width_px}",
                f"--height={profile.height_px}",
                f"--resources-dir={loaded.folders[profile.template]}",
                "-",
                "-c",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={},
            )
        except OSError as trouble:
            raise Faulted("render-failed/start", trouble=trouble.strerror or type(trouble).__name__) from trouble
        try:
            async with asyncio.timeout(self._timeout_s):
                picture, complaints = await process.communicate(svg)
        except TimeoutError:
            raise Faulted("render-failed/slow", seconds=self._timeout_s) from None
        finally:
            if process.returncode is None:
                process.kill()
                await asyncio.shield(process.wait())
        if process.returncode:
            raise Faulted("render-failed/ended", status=process.returncode or 0)
        return picture, complaints


def _find_resvg() -> Path:
    places = (Path(sys.executable).parent, Path(sysconfig.get_path("scripts")))
    for place in places:
        if (place / "resvg").is_file():
            return place / "resvg"
    found = shutil.which("resvg")
    if found is None:
        raise Faulted("renderer-missing")
    return Path(found)


def _size(profile: Profile) -> tuple[int, int, int]:
    return profile.width_px, profile.height_px, profile.dpi


def _size_of(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", png, 16)
    return width, height


def _with_resolution(png: bytes, dpi: int) -> bytes:
    """The picture with its resolution in a pHYs chunk (PNG, 11.3.4.3), so that its size in millimetres is kept."""
    per_metre = round(dpi * 1000 / _MM_PER_INCH)
    body = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_SIGNATURE_AND_HEADER] + chunk + png[_SIGNATURE_AND_HEADER:]
