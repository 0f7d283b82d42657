"""Issues: what people say to each other about a layer, who is told of it, and by what way."""
