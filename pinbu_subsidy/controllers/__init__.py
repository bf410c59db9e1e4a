from . import bank_file, invites, merchant, rankings, rewards, wallet, withdrawals
