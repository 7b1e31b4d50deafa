"""DataChain: its datasets as chains, chains as its datasets, and its files for functions that were written for it."""

from neurochain.export.datachain.files import as_datachain_file
from neurochain.export.datachain.reading import read_datachain
from neurochain.export.datachain.writing import to_datachain

__all__ = ["as_datachain_file", "read_datachain", "to_datachain"]
