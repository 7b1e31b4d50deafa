/** First values of an array as a small line. */
export function Spark({ values, width = 56, height = 16 }: { values: readonly unknown[]; width?: number; height?: number }) {
  const numbers = values.filter((v): v is number => typeof v === "number");
  if (numbers.length < 3 || numbers.length < values.length) return null;
  const low = Math.min(...numbers);
  const span = Math.max(...numbers) - low || 1;
  const points = numbers.map((v, i) => `${((i / (numbers.length - 1)) * (width - 2) + 1).toFixed(1)},${(height - 2 - ((v - low) / span) * (height - 4)).toFixed(1)}`);
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
}
