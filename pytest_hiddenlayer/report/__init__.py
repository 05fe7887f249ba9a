"""What people read: the table and the pages. Made from figures and records only."""
