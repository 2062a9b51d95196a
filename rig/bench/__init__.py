"""What stands on the table: configuration, the drivers of its parts, and the bench that owns them."""
