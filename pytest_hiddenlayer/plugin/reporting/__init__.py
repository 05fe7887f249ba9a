"""What people read: records on reports, the table in the terminal, the HTML report, messages while items wait."""
