"""Ways to send a BlinkUp by an LED behind one seam: DMA waves, an SPI bit stream, software timing."""
