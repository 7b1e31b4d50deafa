"""Lineage for other tools: W3C PROV, Workflow Run RO-Crate, OpenLineage, BIDS."""

from neurochain.export.lineage.exporting import FORMATS, export_lineage

__all__ = ["FORMATS", "export_lineage"]
