"""The commands, a module for each kind of work; every command imports what it needs when it runs."""
