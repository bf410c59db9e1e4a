"""Teams and who is in them."""

from typing import Annotated, Literal

from pydantic import Field

from .activity import ActivityCard
from .base import Count, Id, Person, Refusal, Shape, Share, TeamToken, Time

TeamState = Literal["forming", "formed", "failed"]


class TeamActivity(ActivityCard):
    subsidy_summary: str


class Member(Person):
    is_leader: bool
    is_merchant: Annotated[bool, Field(description="A place that the shop itself took.")]
    joined_at: Time | None


class Live(Shape):
    """Where a signed-in client is told of changes; polling with an ETag works everywhere."""

    url: Annotated[str, Field(examples=["wss://shop.example/websocket?version=1"])]
    version: Annotated[str, Field(examples=["1"])]
    channel: Annotated[str, Field(examples=["team/Q2x1bS1kdS1mdWxs-4tGq7"])]


class TeamViewer(Shape):
    """What the caller is, and may do, in this team; null without a token."""

    is_member: bool
    is_leader: bool
    can_join: bool
    reason: Refusal
    order_id: Id | None


class Team(Shape):
    """One attempt to reach the size before the deadline. Cheap enough to poll every 2 s."""

    token: TeamToken
    activity: TeamActivity
    state: TeamState
    size: Annotated[int, Field(examples=[3])]
    seats_paid: Count
    seats_held: Annotated[Count, Field(description="Places of shoppers at the checkout.")]
    missing: Annotated[Count, Field(examples=[1])]
    deadline: Time
    opened_at: Time
    finished_at: Time | None
    leader: Person
    members: Annotated[list[Member], Field(description="The first 20.")]
    members_total: Count
    share: Share
    failure: Annotated[str | None, Field(description="Why it failed.", examples=["deadline"])]
    live: Live | None
    viewer: TeamViewer | None
    server_time: Time
