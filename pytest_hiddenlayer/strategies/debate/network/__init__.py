"""The network of agents of `dylan`: its rounds, what is read in their replies, and who was important."""
