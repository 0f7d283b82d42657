"""What finds objects of known classes, one folder each; ``tracking.catalog`` lists them."""
