"""``make bench``: starts the product, measures it as its users meet it, prints a table of ratios and limits."""
