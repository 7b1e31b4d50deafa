// Python in colours: keywords, strings, comments, numbers; nothing more is promised.
const TOKEN =
  /(?<comment>#.*)|(?<string>[rbfuRBFU]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|(?<keyword>\b(?:and|as|assert|async|await|break|class|continue|def|del|elif|else|except|False|finally|for|from|global|if|import|in|is|lambda|match|None|nonlocal|not|or|pass|raise|return|True|try|while|with|yield)\b)|(?<number>\b\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\b)/g;

export function python(source: string) {
  const out = [];
  let at = 0;
  for (const found of source.matchAll(TOKEN)) {
    if (found.index > at) out.push(source.slice(at, found.index));
    const kind = Object.entries(found.groups!).find(([, text]) => text !== undefined)![0];
    out.push(<span class={`py-${kind}`}>{found[0]}</span>);
    at = found.index + found[0].length;
  }
  out.push(source.slice(at));
  return out;
}

export function Code({ source, label }: { source: string; label: string }) {
  return (
    <pre class="code" tabIndex={0} role="region" aria-label={label}>
      <code>{python(source.replace(/\n$/, ""))}</code>
    </pre>
  );
}

const KINDS: Record<string, string> = { "+": "added", "-": "removed", "@": "place" };

/** A unified diff: lines that came green with a plus, those that went red with a minus. */
export function Diff({ text, label }: { text: string; label: string }) {
  return (
    <pre class="code diff" tabIndex={0} role="region" aria-label={label}>
      {text.split("\n").map((line, i) => {
        const head = line.startsWith("+++") || line.startsWith("---");
        const kind = head ? "place" : (KINDS[line[0] ?? ""] ?? "");
        return (
          <span key={i} class={`line ${kind}`}>
            {kind === "place" ? line : [line.slice(0, 1), python(line.slice(1))]}
            {"\n"}
          </span>
        );
      })}
    </pre>
  );
}
