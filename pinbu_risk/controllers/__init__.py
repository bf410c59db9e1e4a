from . import appeals, data_rights, identity
