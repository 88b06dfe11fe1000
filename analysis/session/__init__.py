"""One session's stream: chunks in order to strips and findings, with exact, stored state; pure."""
