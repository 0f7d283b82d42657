"""The live channel: what the browser and the agents say, and how it reaches everybody watching."""
