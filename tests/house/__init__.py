"""`make layout`: the house measured and drawn from its own imports, so that its shape is seen and not believed."""
