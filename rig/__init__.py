"""Hardware-in-the-loop bench for Electric Imp products.

Importing this package, or any module of it, touches no hardware and starts nothing.
"""

__version__ = "0.1.0"
