"""Fine-tuning of local models: data, contamination check, training, adapters. Imports mlx on first use only.

run             `finetune`: all steps in order, and the result
settings        the parameters of training, and their defaults
examples        what is learned: questions with answers, from tasks, runs and JSONL files
normalization   texts in the form that is compared
contamination   examples that are too similar to the samples that will judge the model
similar_texts   short texts that differ by a few characters
tokens          examples as token ids, and which of them are learned
batches         the split for validation, and the batches of each epoch
loss            the loss over tokens of answers, and its gradient
schedule        the learning rate of each step
trainer         the training loop
checkpoint      the state between two steps, on disk
training_log    the loss curve, on disk
adapters        layers that are trained, and the adapter folder
fuse            an adapter merged into its base model
"""
