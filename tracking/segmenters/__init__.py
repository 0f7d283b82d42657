"""What answers clicks, one folder each; ``tracking.catalog`` lists them."""
