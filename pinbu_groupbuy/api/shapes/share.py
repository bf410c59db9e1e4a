from .base import Shape


class SharedTeam(Shape):
    """What a shopper sends to friends; ``path`` is a page of the mini-program."""

    path: str
    scene: str
    title: str
    image_url: str | None
    poster_url: str
