"""The table: edits of a small program, and whether the fingerprint of its function ``f`` must change.

A program is one text. ``#### name.py`` starts another file; the first is ``udf.py``. An edit replaces one piece of it.
"""

from typing import NamedTuple

DIST = """
#### site-packages/{name}.py
def fn(x): return x
#### site-packages/{name}-1.0.dist-info/METADATA
Metadata-Version: 2.1
Name: {name}
Version: 1.0
#### site-packages/{name}-1.0.dist-info/RECORD
{name}.py,,
"""


class Edit(NamedTuple):
    name: str
    program: str
    old: str
    new: str


CHANGES = [
    # What the code itself says.
    Edit("lambda_constant", "f = lambda x: x + 2", "2", "3"),
    Edit("operator", "def f(x): return x + 2", "+", "-"),
    Edit("comparison", "def f(x): return x < 2", "<", "<="),
    Edit("contains", "def f(x): return x in (1, 2)", "in", "not in"),
    Edit("method_name", "def f(x): return x.mean()", "mean", "median"),
    Edit("attribute_chain", "def f(x): return x.header.shape", "header", "footer"),
    Edit("fstring_text", "def f(x): return f'{x}mm'", "mm", "cm"),
    Edit("fstring_format", "def f(x): return f'{x:.2f}'", ".2f", ".3f"),
    Edit("fstring_conversion", "def f(x): return f'{x}'", "{x}", "{x!r}"),
    Edit("slice", "def f(x): return x[1:5]", "5", "6"),
    Edit("slice_step", "def f(x): return x[1:5]", "1:5", "1:5:2"),
    Edit(
        "caught_exception",
        "def f(x):\n    try:\n        return g(x)\n    except KeyError:\n        return 0",
        "KeyError",
        "ValueError",
    ),
    Edit(
        "try_added",
        "def f(x):\n    y = int(x)\n    return y",
        "    y = int(x)\n",
        "    try:\n        y = int(x)\n    except ValueError:\n        y = 0\n",
    ),
    Edit(
        "try_wider",
        "def f(x):\n    try:\n        a(x)\n    except OSError:\n        return 0\n    b(x)",
        "    except OSError:\n        return 0\n    b(x)",
        "        b(x)\n    except OSError:\n        return 0",
    ),
    Edit(
        "finally",
        "def f(x):\n    try:\n        a(x)\n    finally:\n        b(x)",
        "    finally:\n        b(x)",
        "    except BaseException:\n        b(x)",
    ),
    Edit("keyword_name", "def f(x): return g(x, axis=0)", "axis", "dim"),
    Edit("keyword_value", "def f(x): return g(x, axis=0)", "0", "1"),
    Edit("parameter_name", "def f(x): return 1", "x", "y"),
    Edit("parameter_order", "def f(x, y): return x - y", "x, y)", "y, x)"),
    Edit("star_argument", "def f(x): return x", "(x)", "(*x)"),
    Edit("keyword_only", "def f(x, y=1): return x", "x, y", "x, *, y"),
    Edit("two_locals_swapped", "def f(x):\n    a, b = x\n    return a - b", "a - b", "b - a"),
    Edit("tuple_or_list", "def f(x): return x, 1", "x, 1", "[x, 1]"),
    Edit("constant_tuple", "def f(x): return (1, 2)", "(1, 2)", "(2, 1)"),
    Edit("int_or_float", "def f(x): return 1", "1", "1.0"),
    Edit("int_or_bool", "def f(x): return 1", "1", "True"),
    Edit("text_or_bytes", "def f(x): return 'a'", "'a'", "b'a'"),
    Edit("minus_zero", "def f(x): return 0.0", "0.0", "-0.0"),
    Edit("set_literal", "def f(x): return x in {'a', 'b'}", "'b'", "'c'"),
    Edit("nested_function", "def f(x):\n    def g(y): return y * 2\n    return g(x)", "* 2", "* 3"),
    Edit("comprehension", "def f(x): return [y + 1 for y in x]", "+ 1", "+ 2"),
    Edit("comprehension_filter", "def f(x): return [y for y in x if y]", "if y", "if not y"),
    Edit(
        "loop_to_break",
        "def f(x):\n    for y in x:\n        if y:\n            continue\n        g(y)",
        "continue",
        "break",
    ),
    Edit("while_condition", "def f(x):\n    while x > 1:\n        x -= 1\n    return x", "x > 1", "x >= 1"),
    Edit("if_else_swapped", "def f(x):\n    if x:\n        return 1\n    return 2", "if x", "if not x"),
    Edit("and_or", "def f(x): return x.a and x.b", "and", "or"),
    Edit("generator", "def f(x):\n    return 1", "return", "yield"),
    Edit("coroutine", "def f(x):\n    return 1", "def", "async def"),
    Edit("global_written", "def f(x):\n    y = x\n    return 0", "    y = x", "    global y\n    y = x"),
    Edit("assert_message", "def f(x):\n    assert x, 'a'", "'a'", "'b'"),
    Edit("del_name", "def f(x):\n    y = 1\n    del y\n    return x", "    del y\n", ""),
    Edit("local_class", "def f(x):\n    class K:\n        a = 1\n    return K", "a = 1", "a = 2"),
    Edit("docstring_that_is_read", "def f(x):\n    'one'\n    return f.__doc__", "one", "two"),
    Edit(
        "name_that_is_read",
        "def d(g):\n    return lambda x: g.__name__\ndef one(x): pass\nf = d(one)",
        "def one(x): pass\nf = d(one)",
        "def two(x): pass\nf = d(two)",
    ),
    # Helpers.
    Edit("helper", "def h(x): return x + 1\ndef f(x): return h(x)", "+ 1", "+ 2"),
    Edit(
        "helper_in_module",
        "from lib import h\ndef f(x): return h(x)\n#### lib.py\ndef h(x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "helper_through_module",
        "import lib\ndef f(x): return lib.h(x)\n#### lib.py\ndef h(x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "helper_of_helper",
        "import pkg.a\ndef f(x): return pkg.a.h(x)\n#### pkg/__init__.py\n\n#### pkg/a.py\nfrom .b import g\ndef h(x): return g(x)\n#### pkg/b.py\ndef g(x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "helper_imported_inside",
        "def f(x):\n    from lib import h\n    return h(x)\n#### lib.py\ndef h(x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "helper_of_helper_imported_inside",
        "def f(x):\n    import lib\n    return lib.h(x)\n#### lib.py\nfrom lib2 import g\ndef h(x): return g(x)\n#### lib2.py\ndef g(x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "helper_imported_inside_loaded",
        "import lib\ndef f(x):\n    import lib as l\n    return [l.h(y) for y in x]\n#### lib.py\ndef h(x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "helper_imported_inside_dotted",
        "import pkg.a\ndef f(x):\n    import pkg.a as l\n    return l.h(x)\n#### pkg/__init__.py\n\n#### pkg/a.py\ndef h(x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "helper_as_value_of_dict",
        "def h(x): return x + 1\nT = {'a': h}\ndef f(x): return T['a'](x)",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "helper_in_set",
        "def h(x): return x + 1\ndef g(x): return 0\nT = {h, g}\ndef f(x): return T",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "mutual_recursion", "def g(x): return f(x) if x else 1\ndef f(x): return g(x - 1)", "else 1", "else 2"
    ),
    Edit(
        "helper_rebound",
        "def a(x): return 1\ndef b(x): return 2\nh = a\ndef f(x): return h(x)",
        "h = a",
        "h = b",
    ),
    Edit("module_alias", "import math as m\ndef f(x): return m.sqrt(x)", "math", "cmath"),
    Edit("builtin_shadowed", "def f(x): return len(x)", "def f", "def len(x): return 0\ndef f"),
    Edit("import_of_other_name", "from math import sin as g\ndef f(x): return g(x)", "sin", "cos"),
    Edit("module_as_value", "import lib\ndef f(x): return g(lib, x)\n#### lib.py\nA = 1", "A = 1", "A = 2"),
    # Values.
    Edit("global_value", "T = 1\ndef f(x): return x > T", "T = 1", "T = 2"),
    Edit("global_of_module", "import lib\ndef f(x): return lib.T\n#### lib.py\nT = 1", "T = 1", "T = 2"),
    Edit(
        "global_set_from_outside",
        "import lib\nlib.T = 2\ndef f(x): return lib.T\n#### lib.py\nT = 1",
        "lib.T = 2",
        "lib.T = 3",
    ),
    Edit("global_in_comprehension", "T = 1\ndef f(x): return [y > T for y in x]", "T = 1", "T = 2"),
    Edit(
        "closure_value",
        "def make(k):\n    def f(x): return x + k\n    return f\nf = make(1)",
        "make(1)",
        "make(2)",
    ),
    Edit(
        "closure_of_nested",
        "def make(k):\n    def f(x): return [y + k for y in x]\n    return f\nf = make(1)",
        "make(1)",
        "make(2)",
    ),
    Edit("default", "def f(x, k=1): return x + k", "k=1", "k=2"),
    Edit("keyword_default", "def f(x, *, k=1): return x + k", "k=1", "k=2"),
    Edit("default_of_helper", "def h(x, k=1): return x + k\ndef f(x): return h(x)", "k=1", "k=2"),
    Edit("function_attribute", "def f(x): return f.k\nf.k = 1", "f.k = 1", "f.k = 2"),
    Edit(
        "partial_argument",
        "from functools import partial\ndef g(x, k): return x + k\nf = partial(g, k=1)",
        "k=1",
        "k=2",
    ),
    Edit(
        "partial_name",
        "from functools import partial\ndef g(x, k=0, j=0): return x + k\nf = partial(g, k=1)",
        "(g, k",
        "(g, j",
    ),
    Edit(
        "partial_position",
        "from functools import partial\ndef g(k, x): return x + k\nf = partial(g, 1)",
        "(g, 1",
        "(g, 2",
    ),
    Edit("dict_value", "T = {'a': [1, 2]}\ndef f(x): return T[x]", "2]", "3]"),
    Edit("dict_order", "T = {'a': 1, 'b': 2}\ndef f(x): return list(T)", "'a': 1, 'b': 2", "'b': 2, 'a': 1"),
    Edit(
        "array_content",
        "import numpy as np\nT = np.arange(6)\ndef f(x): return x @ T",
        "T = np.arange(6)",
        "T = np.arange(6); T[3] = 0",
    ),
    Edit("array_dtype", "import numpy as np\nT = np.zeros(6, 'f4')\ndef f(x): return x @ T", "f4", "f8"),
    Edit(
        "array_shape", "import numpy as np\nT = np.zeros((2, 3))\ndef f(x): return x @ T", "(2, 3)", "(3, 2)"
    ),
    Edit(
        "array_in_list_in_dict",
        "import numpy as np\nT = {'a': [np.arange(6)]}\ndef f(x): return T",
        "(6)",
        "(7)",
    ),
    Edit("regex_pattern", "import re\nT = re.compile('a')\ndef f(x): return T.match(x)", "'a'", "'b'"),
    Edit("regex_flags", "import re\nT = re.compile('a')\ndef f(x): return T.match(x)", "'a'", "'a', re.I"),
    Edit("path", "from pathlib import Path\nT = Path('a')\ndef f(x): return T / x", "'a'", "'b'"),
    Edit("decimal", "from decimal import Decimal\nT = Decimal('1.0')\ndef f(x): return T", "1.0", "1.00"),
    Edit(
        "datetime",
        "from datetime import datetime\nT = datetime(2026, 1, 1)\ndef f(x): return T",
        "1, 1",
        "1, 2",
    ),
    Edit(
        "defaultdict",
        "from collections import defaultdict\nT = defaultdict(int, a=1)\ndef f(x): return T[x]",
        "int",
        "float",
    ),
    Edit(
        "attrgetter",
        "from operator import attrgetter\nT = attrgetter('a.b')\ndef f(x): return T(x)",
        "a.b",
        "a.c",
    ),
    Edit("attrgetter_itself", "from operator import attrgetter\nf = attrgetter('a.b')", "a.b", "a.c"),
    Edit("bound_builtin", "f = {'a': 1}.get", "1", "2"),
    # Classes.
    Edit(
        "instance_attribute",
        "class K:\n    def __init__(self, k): self.k = k\n    def __call__(self, x): return x + self.k\nf = K(1)",
        "K(1)",
        "K(2)",
    ),
    Edit("instance_call", "class K:\n    def __call__(self, x): return x + 1\nf = K()", "+ 1", "+ 2"),
    Edit(
        "slots",
        "class K:\n    __slots__ = ('k',)\n    def __init__(self, k): self.k = k\n    def __call__(self, x): return x + self.k\nf = K(1)",
        "K(1)",
        "K(2)",
    ),
    Edit(
        "bound_method_self",
        "class K:\n    k = 0\n    def m(self, x): return x + self.k\no = K(); o.k = 1\nf = o.m",
        "o.k = 1",
        "o.k = 2",
    ),
    Edit(
        "other_method_of_self",
        "class K:\n    def h(self, x): return x + 1\n    def m(self, x): return self.h(x)\nf = K().m",
        "+ 1",
        "+ 2",
    ),
    Edit("class_attribute", "class K:\n    k = 1\ndef f(x): return K.k", "k = 1", "k = 2"),
    Edit(
        "base_method",
        "class B:\n    def h(self, x): return x + 1\nclass K(B): pass\ndef f(x): return K().h(x)",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "base_in_module",
        "from lib import B\nclass K(B): pass\ndef f(x): return K().h(x)\n#### lib.py\nclass B:\n    def h(self, x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "super_call",
        "class B:\n    def h(self, x): return x + 1\nclass K(B):\n    def h(self, x): return super().h(x)\ndef f(x): return K().h(x)",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "property",
        "class K:\n    @property\n    def p(self): return 1\ndef f(x): return K().p",
        "return 1",
        "return 2",
    ),
    Edit(
        "static_to_class_method",
        "class K:\n    @staticmethod\n    def p(*a): return a\ndef f(x): return K.p()",
        "static",
        "class",
    ),
    Edit(
        "property_to_method",
        "class K:\n    @property\n    def p(self): return 1\ndef f(x): return K().p",
        "    @property\n",
        "",
    ),
    Edit(
        "cached_property",
        "from functools import cached_property\nclass K:\n    @cached_property\n    def p(self): return 1\ndef f(x): return K().p",
        "return 1",
        "return 2",
    ),
    Edit(
        "metaclass",
        "class M(type):\n    def __len__(cls): return 1\nclass K(metaclass=M): pass\ndef f(x): return len(K)",
        "return 1",
        "return 2",
    ),
    Edit(
        "operator_method",
        "class K:\n    def __add__(self, o): return 1\ndef f(x): return K() + x",
        "return 1",
        "return 2",
    ),
    Edit(
        "dataclass_default",
        "from dataclasses import dataclass\n@dataclass\nclass K:\n    a: int = 1\ndef f(x): return K()",
        "= 1",
        "= 2",
    ),
    Edit(
        "dataclass_order",
        "from dataclasses import dataclass\n@dataclass\nclass K:\n    a: int\n    b: int\ndef f(x): return K(1, 2)",
        "    a: int\n    b: int",
        "    b: int\n    a: int",
    ),
    Edit(
        "dataclass_factory",
        "from dataclasses import dataclass, field\n@dataclass\nclass K:\n    a: list = field(default_factory=lambda: [1])\ndef f(x): return K()",
        "[1]",
        "[2]",
    ),
    Edit(
        "dataclass_parameter",
        "from dataclasses import dataclass\n@dataclass\nclass K:\n    a: int\ndef f(x): return K(1)",
        "@dataclass",
        "@dataclass(eq=False)",
    ),
    Edit(
        "dataclass_instance",
        "from dataclasses import dataclass\n@dataclass\nclass K:\n    a: int\nT = K(1)\ndef f(x): return T.a",
        "K(1)",
        "K(2)",
    ),
    Edit(
        "enum_value",
        "from enum import Enum\nclass K(Enum):\n    A = 1\n    B = 2\ndef f(x): return K(x)",
        "B = 2",
        "B = 3",
    ),
    Edit(
        "enum_method",
        "from enum import Enum\nclass K(Enum):\n    A = 1\n    def m(self): return 1\nT = K.A\ndef f(x): return T.m()",
        "return 1",
        "return 2",
    ),
    Edit(
        "enum_member",
        "from enum import Enum\nclass K(Enum):\n    A = 1\n    B = 2\nT = K.A\ndef f(x): return T",
        "K.A",
        "K.B",
    ),
    Edit(
        "namedtuple_field",
        "from collections import namedtuple\nK = namedtuple('K', 'a b')\ndef f(x): return K(1, 2).a",
        "'a b'",
        "'b a'",
    ),
    Edit(
        "named_tuple_method",
        "from typing import NamedTuple\nclass K(NamedTuple):\n    a: int = 1\n    def m(self): return self.a + 1\ndef f(x): return K().m()",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "named_tuple_default",
        "from typing import NamedTuple\nclass K(NamedTuple):\n    a: int = 1\ndef f(x): return K().a",
        "= 1",
        "= 2",
    ),
    Edit(
        "pydantic_default",
        "from pydantic import BaseModel\nclass K(BaseModel):\n    a: int = 1\ndef f(x): return K()",
        "= 1",
        "= 2",
    ),
    Edit(
        "pydantic_type",
        "from pydantic import BaseModel\nclass K(BaseModel):\n    a: int\ndef f(x): return K(a=x)",
        "int",
        "float",
    ),
    Edit(
        "pydantic_constraint",
        "from pydantic import BaseModel, Field\nclass K(BaseModel):\n    a: int = Field(ge=1)\ndef f(x): return K(a=x)",
        "ge=1",
        "ge=2",
    ),
    Edit(
        "pydantic_validator",
        "from pydantic import BaseModel, field_validator\nclass K(BaseModel):\n    a: int\n    @field_validator('a')\n    @classmethod\n    def v(cls, a): return a + 1\ndef f(x): return K(a=x)",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "pydantic_validator_mode",
        "from pydantic import BaseModel, field_validator\nclass K(BaseModel):\n    a: int\n    @field_validator('a', mode='before')\n    @classmethod\n    def v(cls, a): return a\ndef f(x): return K(a=x)",
        "'before'",
        "'after'",
    ),
    Edit(
        "pydantic_nested_model",
        "from pydantic import BaseModel\nclass B(BaseModel):\n    b: int = 1\nclass K(BaseModel):\n    a: list[B]\ndef f(x): return K(a=x)",
        "= 1",
        "= 2",
    ),
    Edit(
        "pydantic_instance",
        "from pydantic import BaseModel\nclass K(BaseModel):\n    a: int\nT = K(a=1)\ndef f(x): return T.a",
        "a=1",
        "a=2",
    ),
    Edit(
        "pydantic_config",
        "from pydantic import BaseModel\nclass K(BaseModel):\n    model_config = {'extra': 'allow'}\n    a: int\ndef f(x): return K(a=x)",
        "allow",
        "forbid",
    ),
    Edit(
        "seed_method",
        "class Row:\n    def m(self): return 1\nSEEDS = [Row]\ndef f(row): return row.m()",
        "return 1",
        "return 2",
    ),
    Edit(
        "dataclass_attribute_set_later",
        "from dataclasses import dataclass\n@dataclass\nclass K:\n    a: int = 1\nK.a = 5\ndef f(x): return K.a",
        "K.a = 5",
        "K.a = 6",
    ),
    Edit(
        "dataclass_types_that_are_read",
        "import dataclasses\n@dataclasses.dataclass\nclass K:\n    a: int = 1\ndef f(x): return [g.type for g in dataclasses.fields(K)]",
        "int",
        "float",
    ),
    Edit(
        "dataclass_method_in_exec",
        "exec('from dataclasses import dataclass\\n@dataclass\\nclass K:\\n    a: int = 1\\n    def __eq__(self, o): return 1\\ndef f(x): return K() == x')",
        "return 1",
        "return 2",
    ),
    Edit(
        "enum_attribute_set_later",
        "from enum import Enum\nclass K(Enum):\n    A = 1\nK.extra = 5\ndef f(x): return K.extra",
        "extra = 5",
        "extra = 6",
    ),
    Edit(
        "attribute_that_is_not_pickled",
        "class K:\n    def __getstate__(self): return {}\nT = K(); T.k = 1\ndef f(x): return T.k",
        "T.k = 1",
        "T.k = 2",
    ),
    Edit(
        "import_to_a_global",
        "def f(x):\n    global lib\n    import lib\n    return lib.h(x)\n#### lib.py\ndef h(x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "disguised_function",
        "def g(x): return x\nclass P:\n    k = 1\n    def __init__(self, g): self.g = g\n    @property\n    def __class__(self): return type(self.g)\n    def __call__(self, x): return self.g(x) + self.k\nf = P(g)",
        "k = 1",
        "k = 2",
    ),
    Edit(
        "set_that_holds_what_holds_it",
        "class K: pass\nT = K(); T.k = 1; T.all = {T, 'a'}\ndef f(x): return T",
        "T.k = 1",
        "T.k = 2",
    ),
    # Decorators.
    Edit(
        "decorator",
        "from functools import wraps\ndef d(g):\n    @wraps(g)\n    def w(x): return g(x) + 1\n    return w\n@d\ndef f(x): return x",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "decorated",
        "from functools import wraps\ndef d(g):\n    @wraps(g)\n    def w(x): return g(x)\n    return w\n@d\ndef f(x): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "decorated_without_wraps", "def d(g): return lambda x: g(x)\n@d\ndef f(x): return x + 1", "+ 1", "+ 2"
    ),
    Edit(
        "lru_cache",
        "from functools import lru_cache\n@lru_cache\ndef h(x): return x + 1\ndef f(x): return h(x)",
        "+ 1",
        "+ 2",
    ),
    Edit("cache_itself", "from functools import cache\n@cache\ndef f(x): return x + 1", "+ 1", "+ 2"),
    Edit(
        "singledispatch",
        "from functools import singledispatch\n@singledispatch\ndef h(x): return 0\n@h.register\ndef _(x: int): return 1\ndef f(x): return h(x)",
        "return 1",
        "return 2",
    ),
    Edit(
        "singledispatch_type",
        "from functools import singledispatch\n@singledispatch\ndef h(x): return 0\n@h.register\ndef _(x: int): return 1\ndef f(x): return h(x)",
        "int",
        "str",
    ),
    Edit(
        "contextmanager",
        "from contextlib import contextmanager\n@contextmanager\ndef h(x):\n    yield x + 1\ndef f(x):\n    with h(x) as y: return y",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "validate_call_annotation",
        "from pydantic import validate_call\n@validate_call\ndef f(x: int): return x",
        "int",
        "float",
    ),
    Edit(
        "validate_call_body",
        "from pydantic import validate_call\n@validate_call\ndef f(x: int): return x + 1",
        "+ 1",
        "+ 2",
    ),
    Edit(
        "vectorize",
        "import numpy as np\ndef h(x): return x + 1\nT = np.vectorize(h)\ndef f(x): return T(x)",
        "+ 1",
        "+ 2",
    ),
    # Installed packages.
    Edit(
        "installed_version",
        "import third_a\ndef f(x): return third_a.fn(x)" + DIST.format(name="third_a"),
        "Version: 1.0",
        "Version: 1.1",
    ),
    Edit(
        "installed_version_from",
        "from third_b import fn\ndef f(x): return fn(x)" + DIST.format(name="third_b"),
        "Version: 1.0",
        "Version: 1.1",
    ),
    Edit(
        "installed_version_inside",
        "def f(x):\n    import third_c\n    return third_c.fn(x)" + DIST.format(name="third_c"),
        "Version: 1.0",
        "Version: 1.1",
    ),
    Edit(
        "installed_function_replaced",
        "import third_d\ndef mine(x): return 1\nthird_d.fn = mine\ndef f(x): return third_d.fn(x)"
        + DIST.format(name="third_d"),
        "return 1",
        "return 2",
    ),
    Edit(
        "installed_decorator",
        "from third_e import fn\ndef g(x): return 1\nf = fn(g)"
        + DIST.format(name="third_e").replace(
            "def fn(x): return x", "def fn(x):\n    def w(y): return x(y)\n    return w"
        ),
        "return 1",
        "return 2",
    ),
    Edit(
        "installed_number_set",
        "import third_f\nthird_f.T = 1\ndef f(x): return third_f.T" + DIST.format(name="third_f"),
        "T = 1",
        "T = 2",
    ),
]

SAME = [
    Edit("comment", "def f(x):\n    return x + 1", "+ 1", "+ 1  # one"),
    Edit("comment_above", "def f(x):\n    return x", "def f", "# one\n\ndef f"),
    Edit("docstring", "def f(x):\n    'one'\n    return x", "one", "two"),
    Edit("docstring_added", "def f(x):\n    return x", "    return", "    '''Two.'''\n    return"),
    Edit("docstring_of_helper", "def h(x):\n    'one'\n    return x\ndef f(x): return h(x)", "one", "two"),
    Edit("docstring_of_class", "class K:\n    'one'\n    a = 1\ndef f(x): return K.a", "one", "two"),
    Edit(
        "docstring_of_method",
        "class K:\n    def m(self):\n        'one'\ndef f(x): return K().m()",
        "one",
        "two",
    ),
    Edit(
        "docstring_of_local_class",
        "def f(x):\n    class K:\n        'one'\n        a = 1\n    return K",
        "one",
        "two",
    ),
    Edit(
        "local_class_moved_down",
        "def f(x):\n    class K:\n        def m(self): self.a = self.b = x\n    return K",
        "def f",
        "\n\n\ndef f",
    ),
    Edit("blank_lines", "def f(x):\n    y = x\n    return y", "    return", "\n\n    return"),
    Edit(
        "reformatted_call",
        "def f(x):\n    return g(x, h(x), [y for y in x if y], k=1)",
        "g(x, h(x), [y for y in x if y], k=1)",
        "g(\n        x,\n        h(x),\n        [\n            y\n            for y in x\n            if y\n        ],\n        k=1,\n    )",
    ),
    Edit(
        "reformatted_arithmetic",
        "def f(x, y): return x + y + x * y",
        "x + y + x * y",
        "(\n    x\n    +\n    y\n    + x\n    * y\n)",
    ),
    Edit(
        "reformatted_condition",
        "def f(x, y):\n    if x and y or not x:\n        return 1\n    return 2",
        "x and y or not x",
        "(\n        x\n        and y\n        or not x\n    )",
    ),
    Edit(
        "reformatted_with",
        "def f(x, y):\n    with x as a, y as b:\n        return a(b)",
        "x as a, y as b",
        "(\n        x as a,\n        y as b,\n    )",
    ),
    Edit(
        "one_line_if",
        "def f(x):\n    if x: return 1\n    return 2",
        "if x: return 1",
        "if x:\n        return 1",
    ),
    Edit("one_line_def", "def f(x): return x + 1", "def f(x): return", "def f(x):\n    return"),
    Edit("quotes", "def f(x): return 'a'", "'a'", '"a"'),
    Edit("number_spelling", "def f(x): return 1000", "1000", "1_000"),
    Edit(
        "moved_down", "def f(x):\n    return x", "def f", "A = 1\n\n\ndef other(x):\n    return 0\n\n\ndef f"
    ),
    Edit(
        "moved_to_module",
        "def f(x):\n    return x + 1\n#### lib.py\n",
        "def f(x):\n    return x + 1\n#### lib.py\n",
        "from lib import f\n#### lib.py\ndef f(x):\n    return x + 1\n",
    ),
    Edit(
        "helper_moved_to_module",
        "def h(x): return x + 1\ndef f(x): return h(x)\n#### lib.py\n",
        "def h(x): return x + 1\ndef f(x): return h(x)\n#### lib.py\n",
        "from lib import h\ndef f(x): return h(x)\n#### lib.py\ndef h(x): return x + 1\n",
    ),
    Edit(
        "function_added_to_helper_module",
        "from lib import h\ndef f(x): return h(x)\n#### lib.py\ndef h(x): return x",
        "def h",
        "def g(x): return 0\nB = 3\ndef h",
    ),
    Edit("unused_global", "A = 1\ndef f(x): return x", "A = 1", "A = 2"),
    Edit(
        "unused_attribute_of_module",
        "import lib\ndef f(x): return lib.A\n#### lib.py\nA = 1\nB = 1",
        "B = 1",
        "B = 2",
    ),
    Edit("annotation", "def f(x): return x", "(x)", "(x: 'int') -> 'int'"),
    Edit("annotation_of_local", "def f(x):\n    y = x\n    return y", "y = x", "y: int = x"),
    Edit("annotation_of_class", "class K:\n    a: int = 1\ndef f(x): return K.a", "int", "float"),
    Edit(
        "annotation_of_dataclass",
        "from dataclasses import dataclass\n@dataclass\nclass K:\n    a: int = 1\ndef f(x): return K().a",
        "int",
        "float",
    ),
    Edit(
        "methods_reordered",
        "class K:\n    def a(self): return 1\n    def b(self): return 2\ndef f(x): return K()",
        "    def a(self): return 1\n    def b(self): return 2",
        "    def b(self): return 2\n    def a(self): return 1",
    ),
    Edit("set_order", "T = {'a', 'b', 'c'}\ndef f(x): return x in T", "'a', 'b', 'c'", "'c', 'a', 'b'"),
    Edit("set_literal_order", "def f(x): return x in {'a', 'b', 'c'}", "'a', 'b', 'c'", "'c', 'a', 'b'"),
    Edit(
        "set_of_objects",
        "from enum import Enum\nclass K(Enum):\n    A = 1\n    B = 2\ndef g(): pass\ndef h(): return 1\nT = {K.A, K.B, g, h, ('a', frozenset('xyz'))}\ndef f(x): return T",
        "K.A, K.B, g, h",
        "h, K.B, g, K.A",
    ),
    Edit(
        "import_order",
        "import math\nimport os\ndef f(x): return math.sqrt(x), os.sep",
        "import math\nimport os",
        "import os\nimport math",
    ),
    Edit(
        "local_renamed",
        "def f(x):\n    total = x + 1\n    return total",
        "total = x + 1\n    return total",
        "result = x + 1\n    return result",
    ),
    Edit("comprehension_variable_renamed", "def f(x): return [y for y in x]", "y for y in", "z for z in"),
    Edit("lambda_or_def", "f = lambda x: x + 1", "f = lambda x: x + 1", "def f(x):\n    return x + 1"),
    Edit(
        "function_renamed",
        "def g(x): return x\nf = g",
        "def g(x): return x\nf = g",
        "def h(x): return x\nf = h",
    ),
    Edit("two_lambdas_on_a_line", "f, g = lambda x: x + 1, lambda x: x + 2", "x + 2", "x + 3"),
    Edit(
        "logger_renamed",
        "import logging\nlog = logging.getLogger('a')\ndef f(x):\n    log.info('x')\n    return x",
        "'a'",
        "'b'",
    ),
    Edit(
        "comment_in_module_imported_inside",
        "def f(x):\n    from lib import h\n    return h(x)\n#### lib.py\ndef h(x): return x",
        "return x",
        "return x\n# one",
    ),
    Edit(
        "installed_code_edited",
        "from third_g import fn\ndef f(x): return fn(x)" + DIST.format(name="third_g"),
        "def fn(x): return x",
        "def fn(x): return 2",
    ),
    Edit(
        "cache_size",
        "from functools import lru_cache\n@lru_cache(maxsize=1)\ndef f(x): return x",
        "maxsize=1",
        "maxsize=2",
    ),
    Edit(
        "array_order",
        "import numpy as np\nT = np.ones((2, 3))\ndef f(x): return T",
        "(2, 3))",
        "(2, 3), order='F')",
    ),
    Edit("equal_values_shared", "A = [1, (2,)]\nT = [A, A]\ndef f(x): return T", "[A, A]", "[A, [1, (2,)]]"),
    Edit(
        "pydantic_docstring",
        "from pydantic import BaseModel\nclass K(BaseModel):\n    'one'\n    a: int = 1\ndef f(x): return K()",
        "one",
        "two",
    ),
]

# Nothing is edited: two processes, two hash seeds.
STABLE = [
    "def f(x): return x in {'a', 'b', 'c', 1, 2.5, None}",
    "from enum import Enum, Flag\nclass K(Enum):\n    A = 'x'\n    B = 'y'\nclass L(Flag):\n    P = 1\n    Q = 2\nT = {K.A: L.P | L.Q}\ndef f(x): return T, K, L",
    "import re, logging, decimal, datetime, collections, pathlib, uuid, fractions, types, typing\nT = [re.compile('a'), logging.getLogger('a'), decimal.Decimal(1), datetime.timedelta(1), collections.Counter('aab'), pathlib.Path('a'), fractions.Fraction(1, 3), types.SimpleNamespace(a=1, b={'x', 'y'}), range(3), slice(1, 2), collections.deque([1], 3), collections.OrderedDict(a=1), list[int], int | str, typing.Optional[str], typing.TypeVar('T')]\nT.pop()\ndef f(x): return T",
    "import numpy as np\nT = [np.float32(1), np.dtype('f8'), np.dtype([('a', 'i4')]), np.sin, np.datetime64('2026-01-01'), np.array(['a', None], object), np.ma.masked_array([1, 2], [0, 1]), np.zeros((0, 3)), np.float64]\ndef f(x): return T, np.sum(x), np.linalg.norm(x)",
    "from pydantic import BaseModel, Field, field_validator, computed_field, ConfigDict\nfrom typing import Annotated, Literal\nclass B(BaseModel):\n    model_config = ConfigDict(frozen=True)\n    z: Literal['a', 'b'] = 'a'\nclass K(BaseModel):\n    a: Annotated[int, Field(gt=0)] = 1\n    b: list[B] = Field(default_factory=list)\n    c: 'K | None' = None\n    _p: set = {'x', 'y'}\n    @field_validator('a')\n    @classmethod\n    def v(cls, x): return x\n    @computed_field\n    @property\n    def q(self) -> int: return 1\nT = K(b=[B()])\ndef f(x): return T, K(a=x)",
    "from dataclasses import dataclass, field\n@dataclass(slots=True, frozen=True, order=True)\nclass K:\n    a: int = 1\n    b: list = field(default_factory=list, compare=False, metadata={'u': 'mV'})\nT = {K(), K(2)}\ndef f(x): return T",
    "from abc import ABC, abstractmethod\nfrom typing import Generic, TypeVar, Protocol\nT = TypeVar('T')\nclass P(Protocol):\n    def m(self): ...\nclass A(ABC, Generic[T]):\n    @abstractmethod\n    def m(self): ...\nclass K(A[int]):\n    def m(self): return 1\ndef f(x): return K().m()",
    "class Node:\n    def __init__(self): self.me, self.children, self.call = self, [self], self.go\n    def go(self): return 1\nT = Node()\nL = [1]\nL.append(L)\ndef f(x): return T, L",
    "from pydantic import validate_call\n@validate_call\ndef f(x: int, y: 'str' = 'a') -> float: return x",
    "import contextlib, functools\nclass K:\n    @functools.cached_property\n    def a(self): return 1\n    @functools.singledispatchmethod\n    def b(self, x): return 1\n    @b.register\n    def _(self, x: int): return 2\n    c = functools.partialmethod(b, 1)\n@contextlib.contextmanager\ndef h(): yield K()\ndef f(x): return h()",
]

PROBLEMS = [
    ("open_file", "T = open(__file__)\ndef f(x): return T.read()", "open file"),
    ("socket", "import socket\nT = socket.socket()\ndef f(x): return T", "socket"),
    ("connection", "import sqlite3\nT = sqlite3.connect(':memory:')\ndef f(x): return T", "database"),
    ("generator", "T = (i for i in range(3))\ndef f(x): return next(T)", "generator"),
    ("iterator", "T = iter([1, 2])\ndef f(x): return next(T)", "iterator"),
    ("random", "import random\nT = random.Random(1)\ndef f(x): return T.random()", "random number"),
    (
        "numpy_random",
        "import numpy as np\nT = np.random.default_rng(1)\ndef f(x): return T.random()",
        "random number",
    ),
    ("lock", "import threading\nT = threading.Lock()\ndef f(x): return T", "lock"),
    (
        "lock_in_instance",
        "import threading\nclass K:\n    def __init__(self): self.lock = threading.Lock()\nT = K()\ndef f(x): return T",
        "T.lock is a lock",
    ),
    (
        "lock_in_list_in_dict",
        "import threading\nT = {'a': [threading.RLock()]}\ndef f(x): return T",
        "T['a'][0] is a lock",
    ),
    (
        "context_variable",
        "from contextvars import ContextVar\nT = ContextVar('T')\ndef f(x): return T.get()",
        "ContextVar",
    ),
    ("thread", "import threading\nT = threading.Thread()\ndef f(x): return T", "thread"),
    (
        "weak_reference",
        "import weakref\nclass K: pass\nk = K()\nT = weakref.ref(k)\ndef f(x): return T()",
        "weak reference",
    ),
    (
        "not_reducible",
        "class K:\n    def __reduce__(self): raise TypeError('no')\nT = K()\ndef f(x): return T",
        "taken apart",
    ),
    (
        "frompyfunc",
        "import numpy as np\nT = np.frompyfunc(lambda x: x, 1, 1)\ndef f(x): return T(x)",
        "no module knows",
    ),
    (
        "without_version",
        "import third_z\ndef f(x): return third_z.fn(x)\n#### site-packages/third_z.py\ndef fn(x): return x",
        "no version",
    ),
]

NOTES = [
    ("clock", "import time\ndef f(x): return time.time()", "time.time"),
    ("clock_from", "from time import time as t\ndef f(x): return t()", "time.time"),
    (
        "datetime_now",
        "from datetime import datetime\ndef f(x): return datetime.now()",
        "datetime.datetime.now",
    ),
    (
        "datetime_module_now",
        "import datetime as dt\ndef f(x): return dt.datetime.now()",
        "datetime.datetime.now",
    ),
    ("chance", "import random\ndef f(x): return random.random()", "random.random"),
    ("chance_from", "from random import random\ndef f(x): return random()", "random.random"),
    ("numpy_chance", "import numpy as np\ndef f(x): return np.random.rand()", "numpy.random"),
    ("numpy_chance_from", "from numpy.random import rand\ndef f(x): return rand()", "numpy.random"),
    ("environment", "import os\ndef f(x): return os.environ['HOME']", "os.environ"),
    ("environment_from", "from os import environ\ndef f(x): return environ['HOME']", "os.environ"),
    ("getenv", "from os import getenv\ndef f(x): return getenv('HOME')", "os.getenv"),
    ("open", "def f(x): return open(x).read()", "open"),
    ("eval", "def f(x): return eval(x)", "eval"),
    ("globals", "def f(x): return globals()[x]", "globals"),
    ("computed_getattr", "def f(x, y): return getattr(x, y)", "getattr"),
    ("subprocess", "import subprocess\ndef f(x): return subprocess.run(x)", "subprocess"),
    ("network", "from urllib.request import urlopen\ndef f(x): return urlopen(x)", "urllib.request"),
    ("undefined", "def f(x): return nothing(x)", "nothing"),
    ("inside_helper", "import time\ndef h(): return time.time()\ndef f(x): return h()", "time.time"),
    ("imported_inside", "def f(x):\n    import time\n    return time.time()", "time.time"),
    (
        "missing_import",
        "def f(x):\n    import not_there_at_all\n    return not_there_at_all.a",
        "not_there_at_all",
    ),
]

QUIET = [
    "def f(x): return getattr(x, 'a', None)",
    "import math\ndef f(x): return math.sqrt(len(x)) + sum(x)",
    "import numpy as np\ndef f(x): return np.mean(x, axis=0)",
    "import time\ndef f(x): return time.sleep(1)",
]
