"""Exports: what a timeline can be turned into; ways out, to other programs and to training loops."""

import os
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from neurochain.chain.chain import Chain
from neurochain.timeline.arrays import with_arrays
from neurochain.timeline.clocked import Clocked
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.window import Window
from neurochain.timeline.writing.hdf5 import to_hdf5
from neurochain.timeline.writing.nwb.session import to_nwb
from neurochain.timeline.writing.zarr import to_zarr

__all__ = ["Exports"]

Windows = Window | Sequence[Window] | None


@dataclass(frozen=True, eq=False)
class Exports(Clocked):
    """Ways out of a timeline, into files and into the objects of other libraries.

    Attributes
    ----------
    filters : mapping of str to Filter
        Which values of a stream count.
    """

    filters: Mapping[str, Filter] = field(default_factory=dict)
    _beside: int = 0  # samples of a stream on either side of a window, for rows that are resampled

    @abstractmethod
    def window(self, start: float, end: float) -> Window:
        """As of `Timeline`."""

    @abstractmethod
    def windows(self, *args: Any, **how: Any) -> Chain:
        """As of `Timeline`."""

    def to_hdf5(self, path: str | os.PathLike[str], windows: Windows = None) -> Path:
        """Write windows to an HDF5 file; its path.

        Parameters
        ----------
        path : str or path
            A local file. It is written beside, and moves there when it is whole.
        windows : Window or sequence of Window, optional
            Of this timeline; by default one of all that the streams have together.

        Notes
        -----
        Of one window a group for each stream; of several ``windows/000000/ephys`` and so on, and what holds for all of them in
        ``streams/ephys``. In a group stand ``data`` (time first, of scans last), ``time`` (seconds on the common clock) and,
        where a filter applies, ``mask``; ``pulses`` and ``residuals`` where a clock was fitted; ``slice_time`` of scans; texts
        of tables in ``columns``. Attributes say kind, axes, labels, units, source, the clock's map and its uncertainty; those
        of the file ``common_clock``, ``streams`` in their order, ``start``, ``end`` and ``lineage``. Records are JSON.

        Values are read and written in blocks, however long a window is.

        Raises
        ------
        MissingExtraError
            h5py is not installed.
        ShapeError
            A window is of another timeline.
        StorageError
            The file cannot be written.
        """
        return to_hdf5(self, windows, path)

    def to_zarr(self, folder: str | os.PathLike[str], windows: Windows = None) -> Path:
        """Write windows to a Zarr group in a folder; its path.

        Parameters
        ----------
        folder : str or path
            A local folder: none yet, an empty one, or what this wrote earlier, which is replaced.
        windows : Window or sequence of Window, optional
            As of `to_hdf5`.

        Notes
        -----
        Groups and arrays are those of `to_hdf5`, in Zarr 3: chunks of about a megabyte along time, many in a file of about
        64 MB, compressed by Blosc (zstd). Attributes are JSON, records among them; dimensions are named.

        Raises
        ------
        MissingExtraError
            zarr is not installed.
        SchemaError
            A stream has a name that Zarr keeps for itself.
        ShapeError
            A window is of another timeline.
        StorageError
            The folder cannot be written, or holds something else.

        Examples
        --------
        >>> path = t.to_zarr("session.zarr")                               # doctest: +SKIP
        >>> nc.open(path, part="ephys/data")                               # doctest: +SKIP
        """
        return to_zarr(self, windows, folder)

    def to_nwb(
        self,
        path: str | os.PathLike[str],
        windows: Windows = None,
        *,
        session_start_time: datetime | None = None,
        session_description: str | None = None,
        identifier: str | None = None,
        compression: Literal["gzip"] | None = "gzip",
        **about: Any,
    ) -> Path:
        """Write windows to an NWB file, in the types of that standard; its path.

        Parameters
        ----------
        path : str or path
            A local file, ``.nwb``. It is written beside, and moves there when it is whole.
        windows : Window or sequence of Window, optional
            Of this timeline; by default one of all that the streams have together. What several of them share is written
            once.
        session_start_time : datetime, optional
            When the common clock showed zero: all times in the file are seconds since then. By default the first recording,
            else the first video, that says when it began. Without a time zone it is one of this machine's.
        session_description : str, optional
            What was done.
        identifier : str, optional
            Of the file; a new UUID by default.
        compression : {"gzip", None}
            Of the values, without loss.
        **about
            What else `pynwb.NWBFile` takes: ``experimenter``, ``lab``, ``institution``, ``subject``, ``session_id`` …

        Notes
        -----
        Channels in volts are an ElectricalSeries, with an electrode each; other channels a TimeSeries of each unit. Stored
        integers stay what they are, with conversion and offset, where the standard can say that. Frames and volumes are an
        ImageSeries: (time, x, y[, colour]) and (time, x, y, z). Spikes are units, events intervals with all their columns,
        tables a BehavioralTimeSeries in the module ``behavior``. Times are a rate where samples follow each other evenly on
        the common clock, else a timestamp for each. What filters say are TimeSeries in the module ``masks``, residuals of
        clocks are in ``synchronization``, the windows are intervals. ``comments`` say source, clock and uncertainty, as JSON;
        the lineage is in ``scratch``.

        Raises
        ------
        MissingExtraError
            pynwb is not installed.
        ShapeError
            A window is of another timeline; nobody says when the session began; a scan has more than three axes of space.
        StorageError
            The file cannot be written.

        Examples
        --------
        >>> t.to_nwb("session.nwb", session_description="open field")      # doctest: +SKIP
        >>> nc.open("session.nwb", part="ephys")                           # doctest: +SKIP
        """
        said = {"session_description": session_description, "identifier": identifier, **about}
        return to_nwb(self, windows, path, session_start_time, compression, said)

    def to_pytorch(
        self,
        around: Any = None,
        *,
        streams: Sequence[str] | None = None,
        sampling_frequency: float | None = None,
        columns: Sequence[str] | None = None,
        transform: Callable[[dict[str, Any]], Any] | None = None,
        shuffle: bool = False,
        seed: int = 0,
        ragged: Mapping[str, Any] | None = None,
        **windows: Any,
    ) -> Any:
        """Dataset of windows for ``torch.utils.data.DataLoader``; ``.loader()`` gives the loader, ready and fast.

        Parameters
        ----------
        around, **windows
            As of `windows`: ``around="events.onset", before=0.5, after=1.5``, or ``seconds=2.0``.
        streams : sequence of str, optional
            Whose values are read; all by default.
        sampling_frequency : float, Hz, optional
            Resample all of them to one grid of times, as `Window.resampled` does: then windows of one length have one shape,
            and spikes and events are counts. ``{stream}_mask`` says where there are values.
        columns : sequence of str, optional
            What else stands in a row, of the window and of the table of events; all by default.
        transform, shuffle, seed, ragged
            As of `Chain.to_pytorch`. Windows of a video, or on a clock that drifts, may differ by a sample:
            ``ragged={"video": "crop"}``.

        Returns
        -------
        Dataset
            A dict per window: values by the name of their stream, ``{stream}_mask`` where a filter was laid, and of events and
            spikes ``{stream}_time``, seconds since the window's start.

        Raises
        ------
        ColumnNotFoundError
            There is no such stream or column.
        MissingExtraError
            torch is not installed.
        SchemaError
            A column can become neither a tensor nor a text, or holds nulls: name those that are wanted in `columns`.

        Examples
        --------
        >>> data = t.to_pytorch("events.onset", before=0.5, after=1.0, sampling_frequency=100)     # doctest: +SKIP
        >>> for batch in data.loader(batch_size=16): ...                                          # doctest: +SKIP
        """
        chain = self._arrays(streams, sampling_frequency, columns, around, windows)
        return chain.to_pytorch(transform, shuffle, seed, ragged)

    def to_numpy_batches(
        self,
        around: Any = None,
        *,
        streams: Sequence[str] | None = None,
        sampling_frequency: float | None = None,
        columns: Sequence[str] | None = None,
        batch_size: int = 16,
        shuffle: bool = False,
        seed: int = 0,
        ragged: Mapping[str, Any] | None = None,
        **windows: Any,
    ) -> Any:
        """Batches of windows as numpy arrays, for NumPy, JAX and TensorFlow, in the order of `to_pytorch`.

        Parameters
        ----------
        around, streams, sampling_frequency, columns, **windows
            As of `to_pytorch`.
        batch_size, shuffle, seed, ragged
            As of `Chain.to_numpy_batches`.

        Returns
        -------
        NumpyBatches
            Each pass over it is an epoch.

        Raises
        ------
        ColumnNotFoundError, SchemaError
            As `to_pytorch`.

        Examples
        --------
        >>> import numpy as np
        >>> import neurochain as nc
        >>> t = nc.timeline(lfp=nc.Recording.of(np.arange(40.0)[None], 10.0), events={"onset": [1.0, 2.0], "side": ["l", "r"]})
        >>> (batch,) = t.to_numpy_batches("events.onset", before=0.1, after=0.2, columns=["side"])
        >>> batch["lfp"][:, :, 0], batch["side"]
        (array([[ 9., 10., 11.],
               [19., 20., 21.]]), ['l', 'r'])
        """
        chain = self._arrays(streams, sampling_frequency, columns, around, windows)
        return chain.to_numpy_batches(batch_size, shuffle, seed, ragged=ragged)

    def _arrays(
        self,
        streams: Sequence[str] | None,
        sampling_frequency: float | None,
        columns: Sequence[str] | None,
        around: Any,
        windows: Mapping[str, Any],
    ) -> Chain:
        beside = 0 if sampling_frequency is None else 1
        chain = replace(self, _beside=beside).windows(around, **windows)
        return with_arrays(chain, self, [*self.filters], streams, sampling_frequency, columns)
