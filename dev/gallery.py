"""The page that shows the pictures of `take_screenshots.py` beside each other."""

from html import escape

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Pinbu: the main screens</title>
<style>
  body {{ font-family: sans-serif; margin: 2rem auto; max-width: 1400px; padding: 0 1rem; }}
  figure {{ display: flex; gap: 1rem; align-items: flex-start; margin: 0 0 3rem; }}
  img {{ border: 1px solid #ccc; border-radius: 6px; width: 100%; }}
  a.wide {{ flex: 1400; min-width: 0; }}
  a.phone {{ flex: 418; min-width: 0; }}
  h2 {{ margin: 0 0 .2rem; }}
  p {{ margin: 0 0 .8rem; color: #555; }}
</style>
<h1>Pinbu: the main screens</h1>
{figures}
</html>
"""
_FIGURE = """<h2>{title}</h2>
<p>{caption} As {login}.</p>
<figure>
  <a class="wide" href="{name}-wide.png"><img src="{name}-wide.png" alt="{title}, wide"></a>
  <a class="phone" href="{name}-phone.png"><img src="{name}-phone.png" alt="{title}, on a phone"></a>
</figure>
"""


def page(screens):
    """:param screens: have name, login, title and caption; their pictures are NAME-wide.png and
        NAME-phone.png beside the page
    :return: HTML
    """
    figures = (
        _FIGURE.format(
            **{key: escape(getattr(screen, key)) for key in ("name", "login", "title", "caption")}
        )
        for screen in screens
    )
    return _PAGE.format(figures="".join(figures))
