/** Width of an element, followed. */

import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** In whole CSS pixels; 0 until it is known. */
export function useWidth(element: { readonly current: HTMLElement | null }): ReadonlySignal<number> {
  const width = useSignal(0);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry.contentRect.width);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, width]);
  return width;
}
