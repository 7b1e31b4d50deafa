// Numbers of channels as addresses have them: "0-63,70".

/** Ascending numbers as text. */
export function ranges(numbers: readonly number[]): string {
  const out: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let j = i;
    while (j + 1 < numbers.length && numbers[j + 1] === numbers[j]! + 1) j += 1;
    out.push(i === j ? String(numbers[i]) : `${numbers[i]}-${numbers[j]}`);
    i = j + 1;
  }
  return out.join(",");
}

/** Those of a text that are allowed, ascending. */
export function listed(text: string, allowed: readonly number[]): number[] {
  const wanted = new Set<number>();
  for (const part of text.split(",")) {
    const found = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (!found) continue;
    const last = Number(found[2] ?? found[1]);
    for (let n = Number(found[1]); n <= last; n += 1) wanted.add(n);
  }
  return allowed.filter((n) => wanted.has(n));
}
