"""A model applied to several videos: begun, carried out by ordinary runs, paused, gone on with, cancelled."""
