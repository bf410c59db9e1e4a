"""Pictures of the demo products, drawn when they are needed: no binary file in the repository."""

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = 640
# Drawn larger and reduced at the end, which smooths the edges.
SCALE = 2
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
_FONT_NAMES = (
    "NotoSansCJK-Bold.ttc",
    "NotoSansSC-Bold.otf",
    "NotoSansCJKsc-Bold.otf",
    "SourceHanSansSC-Bold.otf",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
)


def draw_bag(name, top, bottom):
    """A bag of snacks.

    :param str name: what stands on the label; left out where no Chinese font is installed.
    :param str top: colour of the bag at its top, as #RRGGBB.
    :param str bottom: colour at its bottom.
    :return: the picture, a PNG.
    :rtype: bytes
    """
    side = SIZE * SCALE
    image = Image.new("RGB", (side, side), _mix(top, "#FFFFFF", 0.86))
    bag = Image.new("L", (side, side), 0)
    ImageDraw.Draw(bag).polygon(_bag_outline(side), fill=255)
    image.paste(_gradient(side, top, bottom), mask=bag)
    draw = ImageDraw.Draw(image)
    for y in (0.145, 0.165, 0.835, 0.855):
        draw.line(
            [(side * 0.2, side * y), (side * 0.8, side * y)],
            fill=_mix(top, bottom, 0.5),
            width=side // 240,
        )
    # A gleam down the left side makes it look filled.
    gleam = Image.new("L", (side, side), 0)
    ImageDraw.Draw(gleam).rounded_rectangle(
        [side * 0.24, side * 0.22, side * 0.275, side * 0.78], radius=side * 0.02, fill=70
    )
    image.paste(Image.new("RGB", (side, side), "white"), mask=gleam)
    _draw_crisps(draw, side)
    _draw_label(draw, side, name, bottom)
    return _png(image)


def draw_banner(text, left, right):
    """A wide picture for the top of the shop's first page.

    :param str text: what it says; left out where no Chinese font is installed.
    :param str left: colour at its left, as #RRGGBB.
    :param str right: colour at its right.
    :rtype: bytes
    """
    width, height = 1200 * SCALE, 480 * SCALE
    image = _gradient(width, left, right).rotate(90).resize((width, height))
    draw = ImageDraw.Draw(image)
    for x, y, size in ((0.78, 0.3, 0.16), (0.88, 0.62, 0.2), (0.68, 0.76, 0.13)):
        _crisp(draw, width * x, height * y, height * size)
    if font := _font(int(min(height * 0.2, width * 0.58 / max(len(text), 1)))):
        draw.text((width * 0.06, height / 2), text, font=font, fill="white", anchor="lm")
    return _png(image, (width // SCALE, height // SCALE))


def draw_logo(name):
    """A sign for the company, with its name beside it where a Chinese font is installed.

    :rtype: bytes
    """
    height = 120 * SCALE
    font = _font(int(height * 0.5))
    width = height + (int(font.getlength(name)) + height // 4 if font else 0)
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    edge = height // 12
    draw.rounded_rectangle(
        [edge, edge, height - edge, height - edge], radius=height // 5, fill="#E1251B"
    )
    _crisp(draw, height // 2, height // 2, height * 0.28)
    if font:
        draw.text((height + edge, height // 2), name, font=font, fill="#33201A", anchor="lm")
    return _png(image, (width // SCALE, height // SCALE))


def _bag_outline(side):
    """Two notched seams, sides that bulge a little."""
    left, right, top, bottom = 0.18, 0.82, 0.1, 0.9
    notches = 22
    step = (right - left) / notches
    upper = [(left + step * i, top + (0.014 if i % 2 else 0)) for i in range(notches + 1)]
    lower = [(right - step * i, bottom - (0.014 if i % 2 else 0)) for i in range(notches + 1)]
    right_side = [(right - 0.012, 0.18), (right + 0.012, 0.5), (right - 0.012, 0.82)]
    left_side = [(left + 0.012, 0.82), (left - 0.012, 0.5), (left + 0.012, 0.18)]
    return [(x * side, y * side) for x, y in upper + right_side + lower + left_side]


def _draw_crisps(draw, side):
    for x, y, radius in ((0.36, 0.72, 0.075), (0.5, 0.76, 0.085), (0.64, 0.71, 0.07)):
        _crisp(draw, side * x, side * y, side * radius)


def _crisp(draw, x, y, radius):
    box = [x - radius, y - radius * 0.78, x + radius, y + radius * 0.78]
    draw.ellipse(box, fill="#F6C453", outline="#DB9A2C", width=max(2, int(radius / 12)))
    for dx, dy in ((-0.4, -0.2), (0.2, -0.35), (0.35, 0.15), (-0.15, 0.3)):
        spot = radius * 0.07
        cx, cy = x + radius * dx, y + radius * dy
        draw.ellipse([cx - spot, cy - spot, cx + spot, cy + spot], fill="#C9822B")


def _draw_label(draw, side, name, colour):
    box = [side * 0.24, side * 0.27, side * 0.76, side * 0.58]
    draw.rounded_rectangle(box, radius=side * 0.06, fill="#FFFDF6")
    lines = _lines(name)
    longest = max(len(line) for line in lines)
    font = _font(int(min(side * 0.13, side * 0.46 / longest)))
    if not font:
        draw.rounded_rectangle(
            [side * 0.33, side * 0.41, side * 0.67, side * 0.44], side * 0.015, fill=colour
        )
        return
    height = font.size * 1.2
    first = side * 0.425 - height * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        draw.text((side * 0.5, first + number * height), line, font=font, fill=colour, anchor="mm")


def _lines(name):
    """The name on one line, or on two of about the same length."""
    if len(name) <= 4:
        return [name]
    middle = (len(name) + 1) // 2
    return [name[:middle], name[middle:]]


@cache
def _font_file():
    for font_name in _FONT_NAMES:
        for folder in _FONT_FOLDERS:
            found = next(Path(folder).expanduser().rglob(font_name), None)
            if found:
                return str(found)
    return None


def _font(size):
    path = _font_file()
    if not path:
        return None
    # The collections of Noto hold Japanese, Korean and simplified Chinese, in this order.
    return ImageFont.truetype(path, size, index=2 if path.endswith("CJK-Bold.ttc") else 0)


def _gradient(side, top, bottom):
    column = Image.new("RGB", (1, 64))
    for y in range(64):
        column.putpixel((0, y), _mix(top, bottom, y / 63))
    return column.resize((side, side), Image.Resampling.BICUBIC)


def _mix(one, other, share):
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return tuple(round(a + (b - a) * share) for a, b in pairs)


def _rgb(colour):
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _png(image, size=(SIZE, SIZE)):
    buffer = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
