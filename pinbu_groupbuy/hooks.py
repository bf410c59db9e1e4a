def uninstall_hook(env):
    """Odoo's own tables would go on telling of changes that nobody looks for any more.

    Functions outlive the tables for which they were made.
    """
    env.cr.execute("""
        DROP FUNCTION IF EXISTS pinbu_live_changed() CASCADE;
        DROP FUNCTION IF EXISTS pinbu_refuse_change() CASCADE;
        DROP FUNCTION IF EXISTS pinbu_api_bucket_take(text[], float[]);
        DROP TABLE IF EXISTS pinbu_live_change;
    """)
