import { useEffect } from "preact/hooks";

export function useTitle(...parts: string[]): void {
  const text = [...parts.filter(Boolean), "neurochain"].join(" · ");
  useEffect(() => {
    document.title = text;
  }, [text]);
}
