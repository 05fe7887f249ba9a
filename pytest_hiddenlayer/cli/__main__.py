"""`python -m pytest_hiddenlayer.cli`, the same as `hiddenlayer`."""

from __future__ import annotations

from . import main

raise SystemExit(main())
