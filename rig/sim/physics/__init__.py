"""The physical model: nets and pins, supply, light, analogue parts, and the timeline that drives them."""
