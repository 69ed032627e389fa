"""How fast and how lean the product is, beside what the machine could do at most: ``make bench``."""
