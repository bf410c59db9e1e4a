"""Names of files that are safe wherever they are unpacked."""

import re
import unicodedata

# What some system takes for a folder, a drive or a pattern.
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
# Most file systems take 255 bytes; a copy gets some more of its own.
MOST_BYTES = 200


def file_name(name, ending):
    """:param str name: what a person called it
    :param str ending: what follows, safe by itself, and stays whole: what tells it apart
    :return: a name for one file: in no folder, not hidden, without what cannot be seen
    :rtype: str
    """
    seen = "".join(
        character
        for character in re.sub(r"\s+", " ", name)
        # Also those that turn the order of writing around.
        if not unicodedata.category(character).startswith("C")
    )
    stem = _FORBIDDEN.sub("-", seen).lstrip(". ")
    room = MOST_BYTES - len(ending.encode())
    return (stem.encode()[:room].decode(errors="ignore").rstrip() + ending).lstrip()
