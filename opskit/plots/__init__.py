"""Figures: one function, one `go.Figure`, made of a frame; a figure says its conclusion as its title."""
