from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ...const import ERROR_STATUS

Item = TypeVar("Item")

Money = Annotated[
    int, Field(description="In the currency's minor unit: 1990 is 19.90 yuan.", examples=[1990])
]
Time = Annotated[
    str,
    Field(
        description="ISO 8601, UTC.",
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
        json_schema_extra={"format": "date-time"},
        examples=["2026-01-31T12:00:00Z"],
    ),
]
Id = Annotated[int, Field(examples=[42])]
Count = Annotated[int, Field(ge=0, examples=[2])]
Url = Annotated[str, Field(examples=["https://shop.example/pinbu/api/v1/images/activities/42"])]
Currency = Annotated[str, Field(description="ISO 4217.", pattern=r"^[A-Z]{3}$", examples=["CNY"])]
MaskedName = Annotated[
    str, Field(description="Another shopper's, masked; or the shop's own.", examples=["张**"])
]
TeamToken = Annotated[
    str,
    Field(description="Names a team; who knows it may join.", examples=["Q2x1bS1kdS1mdWxs-4tGq7"]),
]
Scene = Annotated[
    str,
    Field(
        description="What a link or a scanned code carries: at most 32 visible characters.",
        examples=["tQ2x1bS1kdS1mdWxs-4tGq7"],
    ),
]
Refusal = Annotated[
    str | None,
    Field(description="An error code: why not. Null when nothing stands against it."),
]


class Shape(BaseModel):
    """An object of an answer. What is not named in it is not sent; a wrong type is our error."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Page(Shape, Generic[Item]):
    """A list: ``next_cursor`` is what ``?cursor=`` takes for what follows, null at the end."""

    items: list[Item]
    next_cursor: str | None

    @classmethod
    def model_parametrized_name(cls, params):
        return f"{params[0].__name__}Page"


class Problem(Shape):
    """Why an answer is not the wished one."""

    code: Annotated[str, Field(json_schema_extra={"enum": sorted(ERROR_STATUS)})]
    message: Annotated[str, Field(description="For the shopper, in the request's language.")]
    details: dict[str, Any] | list[Any]


class Error(Shape):
    """The one shape of all errors."""

    error: Problem


class Named(Shape):
    """Something that has a name, by its id."""

    id: Id
    name: Annotated[str, Field(examples=["Snacks"])]


class Share(Shape):
    """What ``onShareAppMessage`` and a mini-program code need."""

    path: Annotated[str, Field(examples=["pages/team/index?scene=tQ2x1bS1kdS1mdWxs-4tGq7"])]
    title: Annotated[str, Field(examples=["Dried mango 500 g, team of 3"])]
    scene: Scene
    image_url: Url | None


class Person(Shape):
    """Another shopper, as far as anybody may know them."""

    name: MaskedName
    avatar_url: Url | None


SubsidyType = Literal["cash", "coupon", "points", "ticket", "gift"]
