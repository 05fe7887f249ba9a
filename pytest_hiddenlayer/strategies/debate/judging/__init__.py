"""Two answers to one question, arguments for them, and a judge that decides: shared by `persuasive_debate`,
`consultancy` and `naive_judge`, so that the three compare.
"""
