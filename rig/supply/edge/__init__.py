"""Where the edge of a supply lies: bisection, hysteresis, and maps over two parameters."""
