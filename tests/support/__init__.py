"""Real servers for the integration tests and for scripts/run: started on free loopback ports in a private
folder, stopped by pid. Nothing here leaves 127.0.0.0/8."""
