"""Reads the files in which carriers tell their tracking numbers: CSV and XLSX, as they come."""

import codecs
import csv
import io
import re
import zipfile

from openpyxl import load_workbook

MAX_BYTES = 5 * 2**20
# What a small XLSX may unfold to.
MAX_UNPACKED = 100 * 2**20
MAX_ROWS = 5000
# Chinese carriers still write their own code page; the first one refuses what is not its own.
ENCODINGS = ("utf-8-sig", "gb18030")

# How carriers, shops and Odoo itself head these columns; without case, spaces and punctuation.
HEADERS = {
    "reference": {
        "delivery",
        "deliverynumber",
        "order",
        "ordernumber",
        "orderno",
        "picking",
        "reference",
        "source",
        "sourcedocument",
        "出库单",
        "出库单号",
        "参考",
        "参考号",
        "商家订单号",
        "源单据",
        "订单",
        "订单号",
        "订单编号",
        "调拨",
    },
    "tracking": {
        "tracking",
        "trackingno",
        "trackingnumber",
        "trackingreference",
        "waybill",
        "物流单号",
        "快递单号",
        "快递编号",
        "追踪参考",
        "运单号",
        "运单编号",
        "面单号",
    },
    "carrier": {
        "carrier",
        "deliverymethod",
        "express",
        "快递",
        "快递公司",
        "承运人",
        "承运商",
        "物流公司",
        "配送方式",
    },
}
# Text that a spreadsheet has made of a number, and cut off.
CUT_OFF = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
# From here on a spreadsheet's numbers lose their last digits.
EXACT = 10**15


class FileError(ValueError):
    """A file that cannot be read as a whole. Its `code` is ``empty``, ``columns``, ``rows``,
    ``size`` or ``type``."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def read_rows(content):
    """Read a file of tracking numbers, whatever it is called.

    :param bytes content: CSV (commas, semicolons or tabs; UTF-8 or GB 18030) or XLSX
    :return: for each row that is not blank its number in the file and what it says, a dict of
             ``reference``, ``tracking`` and ``carrier`` (strings, perhaps empty); a tracking number
             that a spreadsheet has cut off is None
    :rtype: list[tuple[int, dict]]
    :raise FileError: when it is none, or says nothing of the kind
    """
    if len(content) > MAX_BYTES:
        raise FileError("size")
    table = _read_xlsx(content) if content.startswith(b"PK") else _read_csv(content)
    columns = None
    rows = []
    for number, cells in enumerate(table, 1):
        if not any(cell not in (None, "") for cell in cells):
            continue
        if columns is None:
            columns = _find_columns(cells)
            continue
        if len(rows) == MAX_ROWS:
            raise FileError("rows")
        row = {
            name: _text(cells[at]) if at is not None and at < len(cells) else ""
            for name, at in columns.items()
        }
        rows.append((number, {**row, "reference": row["reference"] or ""}))
    if not rows:
        raise FileError("empty")
    return rows


def _read_csv(content):
    # What spreadsheets call Unicode text is UTF-16, and begins with its mark.
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if is_utf_16 else ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise FileError("type")
    if "\0" in text:
        raise FileError("type")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        raise FileError("type") from None


def _read_xlsx(content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise FileError("size")
        sheet = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
        yield from sheet.iter_rows(values_only=True)
    except FileError:
        raise
    except Exception as failure:
        # Whatever a broken or foreign archive makes of the parsers.
        raise FileError("type") from failure


def _find_columns(cells):
    """:return: the place of each column that we know, the first one of its kind"""
    columns = dict.fromkeys(HEADERS)
    for at, cell in enumerate(cells):
        header = re.sub(r"[\W_]+", "", str(cell or "")).lower()
        for name, known in HEADERS.items():
            if header in known and columns[name] is None:
                columns[name] = at
    if columns["reference"] is None or columns["tracking"] is None:
        raise FileError("columns")
    return columns


def _text(cell):
    """:return: what a cell shows; None for a number whose last digits are lost"""
    if cell is None:
        return ""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return None if abs(cell) >= EXACT or cell != int(cell) else str(int(cell))
    # As exports guard their numbers: ="123" or '123.
    text = str(cell).strip().removeprefix("=").strip("\"'").strip()
    return None if CUT_OFF.fullmatch(text) else text
