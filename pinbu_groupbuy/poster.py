"""Drawing: what a shopper saves to the album and shows to friends.

Pure functions of what they are given; which facts a poster shows is the model's business
(``models/pinbu_team_poster.py``).
"""

import io
import logging
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import qrcode
from PIL import Image, ImageDraw, ImageFont, ImageOps

_logger = logging.getLogger(__name__)

WIDTH, HEIGHT = 750, 1180
MARGIN = 40
# The square in which the code stands, with the quiet zone that a scanner needs.
CODE_BOX = (460, 880, 730, 1150)
QUIET_ZONE = 4

_PAPER, _INK, _GREY, _RED, _NO_PICTURE = "#ffffff", "#222222", "#767676", "#d81e1e", "#fdeae4"

_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
# Chinese type, the best first; a pattern for the file, and what its face's name must contain.
_FONTS = {
    "bold": (("NotoSansCJK-Bold.*", "SC"), ("NotoSansSC-Bold.*", ""), ("SourceHanSans*Bold*", "")),
    "regular": (
        ("NotoSansCJK-Regular.*", "SC"),
        ("NotoSansSC-Regular.*", ""),
        ("SourceHanSans*Regular*", ""),
        ("wqy-*.tt?", ""),
        ("DroidSansFallback*.ttf", ""),
    ),
}


class Facts(NamedTuple):
    """What a poster shows, as it is written on it; an empty text is left out."""

    title: str
    price: str
    list_price: str
    badge: str
    deadline: str
    caption: str
    shop: str
    link: str  # what the code says


def draw(facts, picture=None):
    """:param Facts facts: the texts
    :param bytes | None picture: the product's
    :return: a PNG
    :rtype: bytes
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    _draw_picture(image, pen, picture)
    if facts.badge:
        _draw_badge(pen, facts.badge)
    y = WIDTH + 26
    for line in _wrap(facts.title, _font("bold", 36), WIDTH - 2 * MARGIN, 2):
        pen.text((MARGIN, y), line, _INK, _font("bold", 36))
        y += 48
    width = CODE_BOX[0] - MARGIN - 10
    price = _fitting("bold", 64, facts.price, width)
    pen.text((MARGIN, 950), facts.price, _RED, price, anchor="ls")
    if facts.list_price:
        _draw_list_price(pen, facts.list_price, width)
    for baseline, text, size, colour in (
        (1050, facts.deadline, 28, _INK),
        (1100, facts.caption, 26, _INK),
        (1140, facts.shop, 22, _GREY),
    ):
        font = _fitting("regular", size, text, width)
        [line] = _wrap(text, font, width, 1) or [""]
        pen.text((MARGIN, baseline), line, colour, font, anchor="ls")
    _draw_code(image, facts.link)
    data = io.BytesIO()
    # A higher level takes several times as long and saves a tenth.
    image.save(data, "PNG", compress_level=3)
    return data.getvalue()


def code_matrix(link):
    """:return: the modules of the link's code, row by row, True where dark; no quiet zone"""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(link)
    code.make(fit=True)
    return code.get_matrix()


def _draw_picture(image, pen, picture):
    square = (WIDTH, WIDTH)
    try:
        product = Image.open(io.BytesIO(picture)) if picture else None
        if product:
            product = ImageOps.fit(product.convert("RGBA"), square, Image.Resampling.LANCZOS)
    except (OSError, ValueError, Image.DecompressionBombError):
        _logger.info("A poster has no picture: the product's is none that can be drawn")
        product = None
    if product:
        image.paste(product, (0, 0), product)
    else:
        pen.rectangle((0, 0, *square), _NO_PICTURE)


def _draw_badge(pen, text):
    font = _fitting("bold", 32, text, WIDTH - 4 * MARGIN)
    right = MARGIN + font.getlength(text) + 48
    pen.rounded_rectangle((MARGIN, WIDTH - 84, right, WIDTH - 24), 30, _RED)
    pen.text((MARGIN + 24, WIDTH - 54), text, _PAPER, font, anchor="lm")


def _draw_list_price(pen, text, width):
    font = _fitting("regular", 30, text, width)
    pen.text((MARGIN, 1000), text, _GREY, font, anchor="ls")
    middle = 1000 - font.size * 0.36
    pen.line((MARGIN, middle, MARGIN + font.getlength(text), middle), _GREY, 2)


def _draw_code(image, link):
    matrix = code_matrix(link)
    modules = len(matrix) + 2 * QUIET_ZONE
    left, top, right, _bottom = CODE_BOX
    step = max(1, (right - left) // modules)
    code = Image.new("1", (len(matrix), len(matrix)), 1)
    code.putdata([0 if dark else 1 for row in matrix for dark in row])
    code = code.resize((len(matrix) * step,) * 2, Image.Resampling.NEAREST)
    offset = (right - left - code.width) // 2
    image.paste(code, (left + offset, top + offset))


def _wrap(text, font, width, lines):
    """:return: at most so many lines; Chinese breaks anywhere, other words stay whole if they can"""
    found = [""]
    for word in re.findall(r"[!-~]+|\s+|.", text.strip()):
        for part in [word] if font.getlength(word) <= width else word:
            if font.getlength(found[-1] + part) > width:
                found.append("")
            found[-1] = (found[-1] + part).lstrip()
    if len(found) > lines:
        last = found[lines - 1]
        while last and font.getlength(f"{last}…") > width:
            last = last[:-1]
        found[lines - 1 :] = [f"{last}…"]
    return found


def _fitting(weight, size, text, width):
    """:return: the font, smaller where the text needs it, down to two thirds"""
    font = _font(weight, size)
    length = font.getlength(text)
    return (
        font if length <= width else _font(weight, max(size * 2 // 3, int(size * width / length)))
    )


@cache
def _font(weight, size):
    file, index = _face(weight)
    return ImageFont.truetype(file, size, index=index) if file else ImageFont.load_default(size)


@cache
def _face(weight):
    """:return: (file, index of the face in it) of Chinese type, or (None, 0)"""
    folders = [Path(folder).expanduser() for folder in _FONT_FOLDERS]
    for pattern, name in (*_FONTS[weight], *_FONTS["regular"]):
        for folder in folders:
            for file in sorted(folder.rglob(pattern)):
                return str(file), _index(file, name)
    _logger.warning("Posters cannot show Chinese: install its type (Debian: fonts-noto-cjk)")
    return None, 0


def _index(file, name):
    """:return: the first face of a collection whose name has this word"""
    for index in range(16):
        try:
            family, _style = ImageFont.truetype(file, 10, index=index).getname()
        except OSError:
            break
        if name in family.split() or not name:
            return index
    return 0
