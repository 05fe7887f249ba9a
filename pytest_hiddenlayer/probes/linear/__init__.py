"""Linear probes: what a linear model reads from activations, with controls. Imports numpy and scipy only.

groups      rows of one group stay on one side of a split
logistic    the linear model of classes
ridge       the linear model of numbers
penalty     the strength of L2 regularization, chosen by cross-validation inside the training rows
control     random labels, one per type: what a probe could have memorized
probe       one probe on one set of activations, evaluated on rows that it has not seen
layers      one probe per layer, and the layer chosen on other rows than those reported
"""
