"""How dates are written wherever Django writes one itself: as the registry does."""
