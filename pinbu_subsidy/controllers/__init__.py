from . import bank_file, invites, rankings, rewards, wallet, withdrawals
