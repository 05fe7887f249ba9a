"""The types of `summary.json` and `changes.json`, so that a page of damaged or hostile files shows the rest."""
