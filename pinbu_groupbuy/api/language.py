"""Which language a request is answered in."""

DEFAULT = "zh_CN"


def choose(env, accept_languages):
    """The language of messages and names: Chinese unless English is asked for before it.

    :param accept_languages: werkzeug's parsed ``Accept-Language``
    :return: the code of a language that this database has
    :rtype: str
    """
    installed = [code for code, _name in env["res.lang"].sudo().get_installed()]
    for wanted in [*_wanted(accept_languages), DEFAULT, "en_US"]:
        if wanted in installed:
            return wanted
        for code in installed:
            if code.split("_")[0] == wanted.split("_")[0]:
                return code
    return installed[0]


def _wanted(accept_languages):
    for tag, quality in sorted(accept_languages or [], key=lambda item: -item[1]):
        primary = tag.replace("_", "-").split("-")[0].lower()
        if quality > 0 and primary in ("zh", "en"):
            yield {"zh": "zh_CN", "en": "en_US"}[primary]
