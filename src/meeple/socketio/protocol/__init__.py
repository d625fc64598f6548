"""Engine.IO 4, Socket.IO 5 and WebSocket without I/O: bytes in, packets out, and back."""
