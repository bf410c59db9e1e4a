"""The shop's first page, and what shoppers think of what it sells."""

from typing import Annotated

from pydantic import Field

from .base import Id, Named, Person, Shape, Time, Url


class Banner(Shape):
    image_url: Url
    path: Annotated[
        str,
        Field(
            description="A page of the mini-program; empty for none.",
            examples=["pages/activity/index?scene=a42"],
        ),
    ]


class Category(Named):
    image_url: Url | None


class Zone(Shape):
    """A place on the first page; ``code`` goes into ``GET /activities?zone=``."""

    code: Annotated[str, Field(examples=["today"])]
    title: Annotated[str, Field(examples=["Today's Deals"])]
    ends_at: Annotated[Time | None, Field(description="What a countdown runs to.")]


class Home(Shape):
    """The shop's first page; only what leads to something on offer."""

    banners: list[Banner]
    categories: list[Category]
    zones: list[Zone]


class Review(Person):
    """What a shopper said of a product."""

    id: Id
    rating: Annotated[float, Field(ge=1, le=5, examples=[5], strict=False)]
    text: Annotated[str, Field(examples=["Crisp."])]
    created_at: Time


class EventsTaken(Shape):
    taken: Annotated[int, Field(ge=0, examples=[3])]
