"""Fine-tuning for a task, judged before and after on it and on the other tasks.

run         `finetune_and_compare`: data, training, both evaluations, the comparison
comparison  what the adapter won and lost
data        which examples are learned: a training file, or right answers of a run
progress    losses of training, for the tracker and for one line
"""
