from . import bank_file, invites, rewards, wallet, withdrawals
from . import bank_file, invites, wallet, withdrawals
from . import invites, rankings, wallet
from . import bank_file, invites, rankings, wallet, withdrawals
