"""Small PDFs made on the spot: with text, without, encrypted, damaged, and such as mean harm."""

import zlib
from collections.abc import Sequence
from io import BytesIO

from pypdf import PdfReader, PdfWriter


def pdf(pages: Sequence[str]) -> bytes:
    """Return a PDF with a page for each text; an empty one has a drawing only."""
    streams = [_drawn(text) for text in pages]
    return assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s] /Count %d >>"
            % (b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(pages))), len(pages)),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            *(
                part
                for n, stream in enumerate(streams)
                for part in (
                    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] "
                    b"/Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (5 + 2 * n),
                    b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
                )
            ),
        ]
    )


def encrypted(password: str, owner: str | None = None) -> bytes:
    """Return a PDF that needs a password; with an `owner` alone it can be read without one."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf(["A secret"]))))
    writer.encrypt(password, owner, algorithm="AES-256")
    stream = BytesIO()
    writer.write(stream)
    return stream.getvalue()


def in_a_circle() -> bytes:
    """Return a PDF whose tree of pages has itself as its child."""
    return assembled(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000000 >>"]
    )


def deep() -> bytes:
    """Return a PDF whose tree of pages is as deep as it is long."""
    depth = 20_000
    nodes = [
        b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (n + 1, n + 3) for n in range(depth)
    ]
    return assembled([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, b"<< /Type /Page >>"])


def bomb(size: int) -> bytes:
    """Return a PDF with a page that is small on the disk and `size` bytes in memory."""
    squeezed = zlib.compress(b"BT /F1 12 Tf (boom) Tj ET " * (size // 26), 9)
    return assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            b"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R >>",
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(squeezed), squeezed),
        ]
    )


def assembled(objects: Sequence[bytes]) -> bytes:
    """Return a PDF of these objects, numbered from 1; the first is its catalogue."""
    content = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    content += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(content)


def _drawn(text: str) -> bytes:
    if not text:
        return b"0 0 100 100 re f"
    shown = text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"BT /F1 12 Tf 72 700 Td (%s) Tj ET" % shown
