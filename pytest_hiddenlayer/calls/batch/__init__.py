"""The vendors' batch APIs: which requests go in a batch, and the ledger of batches that were sent.

batcher      answers calls by batches
sending      groups requests and submits them
collecting   waits for a batch and downloads its results
polling      polls a batch until it has ended
session      what sending and collecting share
ledger       the batches of one model on disk; entries and results are its files
messages     sentences for the user
"""
