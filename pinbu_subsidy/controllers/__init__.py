from . import bank_file, invites, rewards, wallet, withdrawals
