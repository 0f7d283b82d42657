"""Changes of a layer: applied whole as events, merged with what others did meanwhile, brought back."""
