"""Chinese text as people type it: 薯片 is also found by ``shupian`` and by ``sp``."""

import unicodedata
from functools import cache


def normalise(text):
    """:return: `text` in lower case, full-width letters and digits narrowed, spaces made plain"""
    return " ".join(unicodedata.normalize("NFKC", text or "").casefold().split())


def searchable(texts):
    """What a search for any of these texts looks into, by ``ILIKE``.

    :param texts: names, in any language
    :return: one line each for a text, its pinyin, and its initials where it has any
    :rtype: str
    """
    lines = {}  # in order, each once
    for text in filter(None, map(normalise, texts)):
        lines[text] = True
        if not text.isascii():
            for style in ("NORMAL", "FIRST_LETTER"):
                lines[_spell(text, style)] = True
    return "\n".join(lines)


def _spell(text, style):
    lazy_pinyin, styles = _dictionary()
    syllables = lazy_pinyin(text, style=getattr(styles, style))
    return "".join(char for syllable in syllables for char in syllable if char.isalnum())


@cache
def _dictionary():
    # Some 20 MB, which only a process that stores names needs.
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin, Style
