"""Private parts of other libraries that the drivers can't do without: one file a library, with the version seen."""
