from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

Money = Annotated[int, Field(description="In the currency's minor unit: 1990 is 19.90 yuan.")]
Time = Annotated[
    str,
    Field(
        description="ISO 8601, UTC.",
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
        json_schema_extra={"format": "date-time"},
    ),
]


class Shape(BaseModel):
    """An object of an answer. What is not named in it is not sent; a wrong type is our error."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Page(Shape, Generic[Item]):
    """A list: ``next_cursor`` is what ``?cursor=`` takes for what follows, null at the end."""

    items: list[Item]
    next_cursor: str | None = None


class Problem(Shape):
    """Why an answer is not the wished one."""

    code: str
    message: Annotated[str, Field(description="For the shopper, in the request's language.")]
    details: dict[str, Any] | list[Any]


class Error(Shape):
    """The one shape of all errors."""

    error: Problem
