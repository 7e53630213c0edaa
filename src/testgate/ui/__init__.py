"""The local dashboard: views of gate runs, and the pages that show them. Imported by the cli."""
