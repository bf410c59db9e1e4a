def uninstall_hook(env):
    """What stands outside the module's own tables would outlive the ledger that it reads."""
    env.cr.execute("""
        DROP TRIGGER IF EXISTS pinbu_wallet_balance ON loyalty_card;
        DROP TRIGGER IF EXISTS pinbu_wallet_balance ON pinbu_wallet_entry;
        DROP TRIGGER IF EXISTS pinbu_wallet_entry_chain ON pinbu_wallet_entry;
        DROP FUNCTION IF EXISTS pinbu_check_wallet_balance();
        DROP FUNCTION IF EXISTS pinbu_check_wallet_chain();
    """)
