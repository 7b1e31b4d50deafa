"""Drop: all columns but some."""

from dataclasses import dataclass
from typing import Any

from neurochain.chain.expressions.resolve import resolve
from neurochain.chain.run import Run, State
from neurochain.datasets.schema import KEY, Schema
from neurochain.errors import ColumnNotFoundError, ExpressionError, suggestion


@dataclass(frozen=True)
class Drop:
    """Remove whole columns."""

    names: tuple[str, ...]
    keeps_count = True
    row_by_row = True

    def bind(self, schema: Schema) -> Schema:
        for name in self.names:
            if name not in schema:
                _refuse(name, schema)
        kept = [f for name, f in schema.items() if name not in self.names]
        if not kept and not schema.partial:
            raise ColumnNotFoundError(f"drop({', '.join(map(repr, self.names))}) would leave no column.")
        return Schema(kept, schema.partial)

    def apply(self, state: State, run: Run) -> State:
        schema = self.bind(state.schema)
        return State(state.frame.select(KEY, *schema.leaves()), schema)

    def to_json(self) -> dict[str, Any]:
        return {"step": "drop", "columns": list(self.names), "text": ", ".join(self.names)}


def _refuse(name: str, schema: Schema) -> None:
    """Say why a name is no column; nothing where it may become one."""
    found = resolve(name, schema)
    if found is not None:
        top = found.path.partition(".")[0]
        raise ExpressionError(
            f"drop({name!r}): {found.path!r} is a field of {top!r}, and columns are dropped as a whole: "
            f"drop({top!r}). To keep other fields of it, name them: select('{top}.…')."
        )
    if not schema.partial:
        raise ColumnNotFoundError(f"Column {name!r} is not found. {suggestion(name, schema)}")
