"""Reads a picture file that a user chose: raster formats alone, within limits, made small."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRect, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from forllm_desktop.domain.errors import InvalidInput

FORMATS = ("png", "jpeg", "jpg", "webp", "bmp", "gif")
"""What is read; formats that can hold scripts or links, such as SVG, are not."""
NAMES = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.gif)"
"""The filter of the file dialog."""
MOST_BYTES, MOST_SIDE, MOST_PIXELS = 20_000_000, 12_000, 60_000_000
"""Largest file, and largest picture before it is made small."""
SIDE = 256
"""Side of the square it becomes, in px."""


def read_picture(path: str | Path) -> bytes:
    """Return a picture as a square PNG of at most 256 px. Raises InvalidInput; may take a second."""
    file = Path(path)
    try:
        size = file.stat().st_size
    except OSError as error:
        raise _refused(file, "It cannot be read.") from error
    if size > MOST_BYTES:
        raise _refused(file, f"It has {size / 1e6:,.0f} MB; at most {MOST_BYTES // 1_000_000} MB are read.")
    reader = QImageReader(str(file))
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    if bytes(reader.format().data()).decode() not in FORMATS:
        raise _refused(file, "Choose a PNG, JPEG, WebP, GIF or BMP.")
    whole = reader.size()
    if not _fits(whole):
        raise _refused(file, f"It has {whole.width():,} x {whole.height():,} px, which is too many.")
    least = min(whole.width(), whole.height())
    if least > 2 * SIDE:
        # JPEG is decoded at a smaller size, the others are made smaller while they are read.
        reader.setScaledSize(whole * (2 * SIDE / least))
    image = reader.read()
    if image.isNull():
        raise _refused(file, "It is damaged.")
    return _png(_square(image))


def _fits(size: QSize) -> bool:
    is_known = size.isValid() and size.width() > 0 and size.height() > 0
    return (
        is_known
        and max(size.width(), size.height()) <= MOST_SIDE
        and (size.width() * size.height() <= MOST_PIXELS)
    )


def _square(image: QImage) -> QImage:
    side = min(image.width(), image.height())
    cut = image.copy(QRect((image.width() - side) // 2, (image.height() - side) // 2, side, side))
    if side <= SIDE:
        return cut
    return cut.scaled(
        SIDE, SIDE, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def _png(image: QImage) -> bytes:
    # Nothing the file said about itself, such as where it was taken, is kept.
    plain = image.convertToFormat(QImage.Format.Format_ARGB32)
    for key in plain.textKeys():
        plain.setText(key, "")
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    plain.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _refused(file: Path, why: str) -> InvalidInput:
    return InvalidInput("picture", f"“{file.name}” cannot be used", why)
