-- A copied database tells nobody anything.
UPDATE pinbu_webhook SET active = FALSE;
