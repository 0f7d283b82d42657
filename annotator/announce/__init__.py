"""What is told to whom: the messages of the live channel, the notices of actions, and the way they leave."""
