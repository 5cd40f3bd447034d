// Which cells became another value just now; the style sheet lets them flash.
import { useEffect, useRef, useState } from "preact/hooks";

const flashMs = 1600;

/** Whether a value became another just now. */
export function useHasChanged(value: string): boolean {
  const former = useRef(value);
  const [hasChanged, setChanged] = useState(false);
  useEffect(() => {
    if (former.current === value) return;
    former.current = value;
    setChanged(true);
    const timer = setTimeout(setChanged, flashMs, false);
    return () => clearTimeout(timer);
  }, [value]);
  return hasChanged;
}
