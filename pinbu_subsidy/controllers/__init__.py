from . import invites, wallet
