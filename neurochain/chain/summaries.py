"""Summaries: numbers over all rows of a chain that a training needs, each reached by name."""

from typing import Any

from neurochain.chain.uses import use


class Summaries:
    """What is computed over all rows of a chain; of a saved version once, and kept with it."""

    def mean_std(self, column: str, axis: int | str | None = "channel") -> Any:
        """Mean and standard deviation of a column: of each channel, over all rows, or of all values.

        Parameters
        ----------
        column : str
            Of numbers or arrays; of windows and patches that are cut when a loader asks for them, too.
        axis : int, str or None
            Axis of a row's arrays that has an entry for each channel, by number or by its name in the schema; None for one
            mean over all values. Single numbers have none.

        Returns
        -------
        MeanStd
            ``mean`` and ``std`` (float64), and ``standardize(batch)``.

        Notes
        -----
        Ask the part that is trained on: ``split.train.mean_std("signal")``. Rows of a saved version are read once: the numbers are
        kept with the version, under the steps that chose the rows. NaNs are left out and counted.

        Raises
        ------
        SchemaError
            The column holds no real numbers, or nulls.
        ShapeError
            There is no such axis, or rows differ in its length.

        Examples
        --------
        >>> scale = train.mean_std("signal")                               # doctest: +SKIP
        >>> for batch in loader: step(scale.standardize(batch["signal"]))   # doctest: +SKIP
        """
        return use("mean_std")(self, column, axis)

    def class_weights(self, column: str) -> dict[Any, float]:
        """Weight of each class, so that all of them together weigh alike: ``rows / (classes * rows of the class)``.

        Parameters
        ----------
        column : str
            Of whole numbers, texts or booleans.

        Returns
        -------
        dict
            Weights by class, in the order of the classes; kept with a saved version as those of `mean_std`.

        Raises
        ------
        SchemaError
            The column holds something else, or nulls.

        Examples
        --------
        >>> weights = train.class_weights("label")                         # doctest: +SKIP
        >>> loss = torch.nn.CrossEntropyLoss(torch.tensor(list(weights.values())))     # doctest: +SKIP
        """
        weights: dict[Any, float] = use("class_weights")(self, column)
        return weights
