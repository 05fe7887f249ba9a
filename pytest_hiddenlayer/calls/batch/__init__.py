"""The vendors' batch APIs: sending, collecting, and the ledger of batches in flight."""
