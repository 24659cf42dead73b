"""Monitoring of households without access to information, Huế 2023-2025.

Modules are named by subject and used as modules: ``deprivation.tally(...)``, ``units.on(...)``.
Importing the package does no work.
"""

__version__ = "0.1.0"
