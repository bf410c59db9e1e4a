def uninstall_hook(env):
    """Odoo's own tables would go on telling of changes that nobody looks for any more."""
    env.cr.execute("""
        DROP FUNCTION IF EXISTS pinbu_live_changed() CASCADE;
        DROP TABLE IF EXISTS pinbu_live_change;
    """)
