"""The sockets of browsers and agents, and the hub between them."""
