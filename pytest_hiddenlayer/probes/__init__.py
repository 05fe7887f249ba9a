"""What happens inside an mlx model: hooks, attention weights, the logit lens, captures, and their proof.

Imports `errors`, and mlx on first use. Works on any loaded model of mlx-lm, without changing its code.

    interception      calls of a module seen from outside, and undone
    structure         the blocks of a model and their parts, found by running it
    hooks             ModelHooks: arrays read and replaced while the model runs
    attention         attention weights, computed again from what the model computes with
    lens              logits of every layer's residual stream
    verification      which of this a model allows: checks with measured values
    checks, evidence  what is checked, and the runs that are measured
    capture           arrays and log-probabilities of one text, in numpy; its memory and its files
    activations       arrays of several prompts at once
    run_files         where the captures of a run's answers are
    per_model         values kept per model
    linear            linear probes, evaluated on unseen groups, with a control task
    concepts          directions in the residual stream
    interventions     patching, ablation, steering
"""
