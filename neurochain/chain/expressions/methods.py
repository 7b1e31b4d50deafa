"""Methods: the white list of what can be asked of a column.

All of it gives the same values on every machine: nothing random, nothing that runs Python code, nothing whose
order Polars leaves open.
"""

# fmt: off
METHODS = frozenset([
    "abs", "all", "any", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "arg_max", "arg_min",
    "backward_fill", "cast", "cbrt", "ceil", "clip", "cos", "cosh", "cot", "count", "cum_count", "cum_max",
    "cum_min", "cum_prod", "cum_sum", "degrees", "diff", "drop_nans", "drop_nulls", "entropy",
    "eq_missing", "ewm_mean", "ewm_std", "ewm_var", "exp", "fill_nan", "fill_null", "filter", "first", "floor",
    "forward_fill", "has_nulls", "head", "implode", "interpolate", "is_between", "is_duplicated",
    "is_finite", "is_first_distinct", "is_in", "is_infinite", "is_last_distinct", "is_nan", "is_not_nan",
    "is_not_null", "is_null", "is_unique", "kurtosis", "last", "len", "log", "log10", "log1p", "max", "mean",
    "median", "min", "mode", "n_unique", "nan_max", "nan_min", "ne_missing", "not_", "null_count", "over",
    "pct_change", "product", "quantile", "radians", "rank", "replace", "replace_strict", "reverse",
    "rolling_max", "rolling_mean", "rolling_median", "rolling_min", "rolling_quantile", "rolling_std",
    "rolling_sum", "rolling_var", "round", "round_sig_figs", "shift", "sign", "sin", "sinh", "skew", "slice",
    "sort", "sort_by", "sqrt", "std", "sum", "tail", "tan", "tanh", "unique", "var",
])
NAMESPACES: dict[str, frozenset[str]] = {
    "str": frozenset([
        "contains", "contains_any", "count_matches", "decode", "encode", "ends_with", "extract", "extract_all",
        "find", "head", "join", "json_path_match", "len_bytes", "len_chars", "normalize", "pad_end",
        "pad_start", "replace", "replace_all", "replace_many", "reverse", "slice", "split", "starts_with",
        "strip_chars", "strip_chars_end", "strip_chars_start", "strip_prefix", "strip_suffix", "strptime",
        "tail", "to_date", "to_datetime", "to_integer", "to_lowercase", "to_time", "to_uppercase", "zfill",
    ]),
    "dt": frozenset([
        "century", "date", "day", "days_in_month", "epoch", "hour", "is_leap_year", "iso_year", "microsecond",
        "millisecond", "minute", "month", "month_end", "month_start", "nanosecond", "offset_by",
        "ordinal_day", "quarter", "round", "second", "strftime", "time", "timestamp", "to_string",
        "total_days", "total_hours", "total_microseconds", "total_milliseconds", "total_minutes",
        "total_seconds", "truncate", "week", "weekday", "year",
    ]),
    "list": frozenset([
        "all", "any", "arg_max", "arg_min", "contains", "count_matches", "diff", "drop_nulls", "first",
        "gather", "gather_every", "get", "head", "join", "last", "len", "max", "mean", "median", "min",
        "n_unique", "reverse", "shift", "slice", "sort", "std", "sum", "tail", "unique", "var",
    ]),
    "arr": frozenset([
        "all", "any", "arg_max", "arg_min", "contains", "count_matches", "first", "get", "last", "len",
        "max", "mean", "median", "min", "n_unique", "std", "sum", "to_list", "var",
    ]),
    "struct": frozenset([
        "field",
    ]),
    "bin": frozenset([
        "contains", "encode", "ends_with", "size", "starts_with",
    ]),
}
# fmt: on
ALIASES = {"between": "is_between", "isin": "is_in"}

# Where Polars takes a text for a column's name. A text is a value here, a column is written Column("name") …
TEXT_IS_VALUE = frozenset(["clip", "is_between"])
# … but in these, which take nothing else than columns.
TEXT_IS_COLUMN = frozenset(["over", "sort_by"])
OVER_OPTIONS = frozenset(["order_by", "descending", "nulls_last"])  # others change the number of rows
# What Polars gives in any order unless it is told to keep that of the rows.
ANY_ORDER = frozenset(["unique", "list.unique"])
# What Polars 1.35 gives the value 0 for where the array is null.
NULL_IS_ZERO = frozenset(["arr.first", "arr.get", "arr.last", "arr.max", "arr.min"])
# What looks at the values of one row alone; everything else may look at others.
ELEMENTWISE = METHODS - frozenset([
    "all", "any", "arg_max", "arg_min", "backward_fill", "count", "cum_count", "cum_max", "cum_min", "cum_prod",
    "cum_sum", "diff", "drop_nans", "drop_nulls", "entropy", "ewm_mean", "ewm_std", "ewm_var", "filter", "first",
    "forward_fill", "has_nulls", "head", "implode", "interpolate", "is_duplicated", "is_first_distinct",
    "is_last_distinct", "is_unique", "kurtosis", "last", "len", "max", "mean", "median", "min", "mode", "n_unique",
    "nan_max", "nan_min", "null_count", "over", "pct_change", "product", "quantile", "rank", "reverse", "rolling_max",
    "rolling_mean", "rolling_median", "rolling_min", "rolling_quantile", "rolling_std", "rolling_sum", "rolling_var",
    "shift", "skew", "slice", "sort", "sort_by", "std", "sum", "tail", "unique", "var",
]) | frozenset(
    f"{space}.{name}" for space, names in NAMESPACES.items() for name in names if (space, name) != ("str", "join")
)  # fmt: skip
# What can be asked of a whole record, and of an array that no expression can use.
OF_ANYTHING = frozenset(["count", "is_not_null", "is_null", "len", "null_count"])
