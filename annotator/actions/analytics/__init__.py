"""How the work in a project goes.

``measures``: what counts as what, pure · ``counting``: the jobs worker counts what is new in the histories ·
``history``: what a change counts for · ``stays``: who is in the editor when · ``reports``: the tables.
"""
