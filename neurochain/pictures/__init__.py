"""Pictures: arrays and texts as PNG, SVG and HTML that need neither a script nor a network.

They know nothing of files, brains or datasets: what is drawn is given, and said in the words of the caller. Colours that must suit a
light page and a dark one are ``currentColor``, so that a notebook's own theme decides.
"""
