"""The Socket.IO side: the /game namespace, authentication, and the messages out."""
