"""What changed between two sides, as plain JSON for the report: `Changes` of `web/src/data.ts`."""
