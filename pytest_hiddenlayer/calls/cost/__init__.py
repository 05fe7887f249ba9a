"""What calls cost: prices, the user's price file, the budget."""
