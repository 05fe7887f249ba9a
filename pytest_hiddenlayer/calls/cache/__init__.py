"""The response cache: answers of servers, kept in SQLite."""
