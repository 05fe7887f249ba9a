"""What calls cost: prices, the user's price file, the meter of each model, the run's budget."""
