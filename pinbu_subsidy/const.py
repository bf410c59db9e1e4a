"""What the merchant publishes of its own doings."""

# Why a subsidy may be withheld for good: each is in the rules that shoppers read before they pay
# (`_ground_sentences`), and nothing else is a reason.
GROUNDS = [
    ("same_person", "Members of the Team Are One Person"),
    ("made_up", "Accounts, Friends or Orders Are Made Up"),
    ("payment_reversed", "The Payment Was Reversed"),
    ("returned", "The Goods Behind It Were Returned"),
]
