"""Secrets: many shapes of them are found, and ordinary code is left as it is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.datasets.secrets import MASK, looks_secret, masked, screened, secrets_in

# Put together here, so that no scanner takes this file for one that holds secrets.
AWS = "AKIA" + "IOSFODNN7EXAMPLE"
GITHUB = "ghp_" + "a8Kd0fQz1Lm4Xc7Vb2Nw5Ty9Ru3Ei6Op0As"
OPENAI = "sk-proj-" + "T3BlbkFJabc123DEF456ghi789"
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
CHANCE = "q7Zp3vXk9Lw2Rt6Yb1Nc"
BLOCK = (
    "-----BEGIN RSA PRIVATE "
    + "KEY-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xf\nabcdefabcdefabcdefabcdefabcdefabcdef==\n-----END RSA PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('password = "hunter2"', "hunter2"),
        ("PASSWORD='hunter2'", "hunter2"),
        ('db_password: str = "hunter2"', "hunter2"),
        ('self.password = "hunter2"', "hunter2"),
        ('os.environ["DB_PASSWORD"] = "hunter2"', "hunter2"),
        ('connect(user="ada", passwd="hunter2")', "hunter2"),
        ('{"password": "hunter2", "n": 1}', "hunter2"),
        ("{'client_secret': 'hunter2'}", "hunter2"),
        ('def login(user, password="hunter2"): ...', "hunter2"),
        ('if password == "hunter2":', "hunter2"),
        ('while pwd != "hunter2":', "hunter2"),
        ('if (secret := "hunter2"):', "hunter2"),
        ('password = (\n    "hunter2"\n)', "hunter2"),
        ('password = "hunt" "er2"', "er2"),
        ('password = b"hunter2"', "hunter2"),
        ('password = """hunter2"""', "hunter2"),
        ('passphrase = "correct horse battery"', "correct horse battery"),
        ('dbPassword = "hunter2"', "hunter2"),
        ('API_KEY = "abc"', "abc"),
        ('secretKey: "hunter2"', "hunter2"),
        (f'hf_token = "{CHANCE}"', CHANCE),
        (f'ACCESS_TOKEN_2 = "{CHANCE}"', CHANCE),
        (f'os.environ.setdefault("API_TOKEN", "{CHANCE}")', CHANCE),
        (f'headers = {{"Authorization": "Bearer {CHANCE}"}}', CHANCE),
        (f'f"Authorization: token {CHANCE}"', CHANCE),
        (f'client = boto3.client("s3", "{AWS}")', AWS),
        (f"# do not lose: {AWS}", AWS),
        (f'git clone "https://{GITHUB}@github.com/a/b"', GITHUB),
        (f"gh({GITHUB!r})", GITHUB),
        (f"openai({OPENAI!r})", OPENAI),
        (f"cookie({JWT!r})", JWT),
        (f'key = """{BLOCK}"""', "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xf"),
        (f"key = {BLOCK!r}", "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xf"),
        ("+" + BLOCK.replace("\n", "\n+"), "abcdefabcdefabcdef"),
        (" " + BLOCK.split("\n", 1)[1].replace("\n", "\n "), "abcdefabcdefabcdef"),
        ('engine = create_engine("postgresql://ada:hunter2@host/db")', "hunter2"),
        ('fs.open("s3://key:hunter2@bucket/x")', "hunter2"),
        (f"https://host/file?version=1&token={CHANCE}&x=2", CHANCE),
        ("https://host/file?sv=2020&sig=abc%2Fdef123&se=1", "abc%2Fdef123"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Signature=fe5f80f77d5fa3beca", "fe5f80f77d5fa3beca"),
    ],
)
def test_a_secret_is_masked(text: str, secret: str) -> None:
    assert secret in text
    shown = masked(text)
    assert secret not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "text",
    [
        "token_count = 3",
        'tokens = "a b c".split()',
        'tokenizer = AutoTokenizer("bert-base-uncased")',
        'pad_token = "[PAD]"',
        'eos_token = "<|endoftext|>"',
        'sep_token="</s>"',
        "token = tokens[0]",
        "password = getpass.getpass()",
        'password = os.environ["DB_PASSWORD"]',
        'password = getpass("Password: ")',
        'password = ""',
        "password: str | None = None",
        'password = "***"',
        'password = "<your password>"',
        'url = f"postgresql://{user}:{password}@host/db"',
        'url = "postgresql://$USER:$PASSWORD@host/db"',
        'url = "https://host:8080/a@b"',
        'secret_santa = "Alice and Bob"',
        '"password must not be empty"',
        'raise ValueError("token: is missing")',
        'keys = ["token", "password", "label"]',
        'select("token", "session_2_of_12_runs")',
        'startswith(token, "sub-01_ses-02_run1x")',
        "# commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
        'assert digest == "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
        'data = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4"',
        'key = "subject"',
        'sort_key = "EchoTime2"',
        'primary_key = "q7Zp3vXk9Lw2Rt6Yb1Nc"',
        "basic statistics of 12 subjects, bearer of 3 bad news",
        'text.startswith("-----BEGIN PRIVATE ' + 'KEY-----")',
        'task = "task-rest_acq-highres_run-01_desc-Preproc_bold"',
        "git@github.com:lab/study.git",
        "mail ada@example.org",
        "lambda x: x.mean() / x.std()",
        "passes = 'three'; compass = 'north'; bypass = 'left'",
        "# token = a piece of a text",
    ],
)
def test_ordinary_code_is_left_as_it_is(text: str) -> None:
    assert masked(text) == text


def test_the_line_of_a_secret_is_known() -> None:
    text = 'def f(x):\n    # reads\n    return get(x, password="hunter2", api_key="abc-def")\n'
    assert [s.line for s in secrets_in(text)] == [3, 3]
    assert [text[s.start : s.end] for s in secrets_in(text)] == ["hunter2", "abc-def"]


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ("hunter2", "extract.password", True),
        ("hunter2", "extract.<default:password>", True),
        ({"password": "hunter2"}, "settings", True),
        ([{"a": {"api_key": "abc"}}], "settings", True),
        (b"hunter2", "password", True),
        ("postgresql://ada:hunter2@host/db", "url", True),
        (("a", AWS), "arguments", True),
        ("of the environment", "word", True),
        (7, "token_count", False),
        ("bert-base-uncased", "tokenizer", False),
        ("[PAD]", "pad_token", False),
        ({"tokens": ["a", "b"]}, "vocabulary", False),
        (CHANCE, "digest", False),
    ],
)
def test_values_are_secrets_by_name_shape_or_environment(value: object, name: str, expected: bool) -> None:
    assert looks_secret(value, name, frozenset({"of the environment"})) is expected


def test_plain_json_is_screened_throughout() -> None:
    value = {
        "a": ["login(password='hunter2')", {"repr": "'hunter2'", "n": 2}],
        "hunter2": None,
        "word": "hunters",
    }
    assert screened(value, {"hunter2"}) == {
        "a": ["login(password='***')", {"repr": "'***'", "n": 2}],
        "***": None,
        "word": "hunters",
    }
    array = "AAAA" * 10_000
    assert screened([array]) == [array]


@given(st.text(alphabet="ab1'\"= :\n\\{}[](),x-@/.?&#", max_size=200) | st.text(max_size=200))
def test_masking_never_fails_and_spares_what_is_outside(text: str) -> None:
    found = secrets_in(f"password = 'hunter2'\n{text}")
    assert masked(text + "\npassword = 'hunter2'").count("hunter2") <= text.count("hunter2") + 1
    assert all(a.end <= b.start for a, b in pairwise(found))
