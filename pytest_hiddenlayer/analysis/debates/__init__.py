"""What happens in debates: accuracy by round, changes, persuasion, what voting alone explains, and scoring traps.

`analyse_debates(records)` in `analysis.py` returns one `CellDebates` per cell; it calls no model.

turns          records → debates: who said what in which round
tally          votes and shares of one round
question_means averages over epochs, with clusters
accuracy       right answers by round
drift          whether accuracy rises or falls over rounds
transitions    answers that became right, wrong, unreadable or readable
exchanges      what an agent read before it answered again
persuasion     who persuades whom
conformity     how often agents follow the majority that they read
agents         what each agent contributes
gain           the share of the gain that voting alone explains
traps          the numbers that known scoring mistakes would report
recorded       which rules reproduce the verdicts of recorded debates, and what these leave open
tables         what is shown, as rows of text; `text` prints it
"""
