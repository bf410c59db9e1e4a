def uninstall_hook(env):
    """The trigger on loyalty's own table would outlive the ledger that it reads."""
    env.cr.execute("""
        DROP TRIGGER IF EXISTS pinbu_wallet_balance ON loyalty_card;
        DROP TRIGGER IF EXISTS pinbu_wallet_balance ON pinbu_wallet_entry;
        DROP FUNCTION IF EXISTS pinbu_check_wallet_balance();
    """)
