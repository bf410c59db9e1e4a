"""The caller: their session, themselves, their addresses."""

from typing import Annotated

from pydantic import Field

from .base import Id, Shape, Time, Url


class Customer(Shape):
    """The shopper, as only they see themselves."""

    id: Id
    name: Annotated[str, Field(examples=["张小明"])]
    avatar_url: Url | None
    phone_masked: Annotated[str | None, Field(examples=["138****5678"])]
    phone_verified: bool
    is_new: Annotated[bool, Field(description="Has never paid for a place.")]


class Me(Shape):
    customer: Customer


class Session(Me):
    """``token`` goes into ``Authorization: Bearer``; renew it before it ends."""

    token: str
    expires_at: Time


class Address(Shape):
    id: Id
    name: Annotated[str, Field(examples=["张小明"])]
    phone: Annotated[str, Field(examples=["13812345678"])]
    province: Annotated[str, Field(examples=["浙江省"])]
    city: Annotated[str, Field(examples=["杭州市"])]
    district: Annotated[str, Field(examples=["西湖区"])]
    street: Annotated[str, Field(examples=["文三路 1 号"])]
    is_default: bool
    region_code: Annotated[
        str | None, Field(description="Of the district, GB/T 2260.", examples=["330106"])
    ]
    deliverable: bool | None = None
