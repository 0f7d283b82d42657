"""Links what a detector finds on single frames into tracks. The list of ways is ``registry.py``, their contract
``contract.py``."""
