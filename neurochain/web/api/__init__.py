"""What the page asks for, as JSON: one noun per file."""
