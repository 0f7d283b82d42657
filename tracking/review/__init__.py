"""What is wrong with a layer, and what probably is. Pure: NumPy over packed rows, no torch, no Django. The jobs worker
and the command line use it."""
