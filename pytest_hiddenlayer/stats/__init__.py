"""Statistics over plain numbers: estimates, paired tests, power, agreement, rankings. Knows no noun of the house."""
