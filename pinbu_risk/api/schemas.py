"""What clients send about who they are, and what they ask for."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from stdnum.cn import ric
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_2

from odoo.addons.pinbu_groupbuy.api import schemas


def _check_id_number(number):
    """:return: a mainland ID card's number as it is printed
    :raise ValueError: without the number in it, which must stand in no log
    """
    number = number.upper()
    try:
        mod_11_2.validate(number)
        # Not `ric.validate`: its list of counties lacks those that were merged since.
        born = ric.get_birth_date(number)
    except ValidationError:
        raise ValueError("no valid ID number") from None
    if born > date.today():
        raise ValueError("nobody was born then")
    return number


IdNumber = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[1-9]\d{16}[\dXx]$"),
    AfterValidator(_check_id_number),
]
RealName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=50, pattern=r"^[^\d\s_@]"),
]


class IdentityBody(schemas.Body):
    # No `repr`: whatever prints this body must not print them.
    real_name: RealName = Field(repr=False, examples=["张小明"])
    id_number: IdNumber = Field(repr=False, examples=["11010519491231002X"])


class DeletionBody(schemas.Body):
    # What is left in the wallet is lost with the account; the client asks first.
    give_up_wallet: bool = False


class AppealBody(schemas.Body):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    about: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
