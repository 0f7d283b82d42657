"""The jobs worker: a parent that chooses tasks and watches, and a process of its own for each of them."""
