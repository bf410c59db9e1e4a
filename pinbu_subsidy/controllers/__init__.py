from . import bank_file, invites, wallet, withdrawals
